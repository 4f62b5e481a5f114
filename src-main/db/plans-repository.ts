import type { PlanStore, StoredPlan } from '../metadata/ports.ts'
import { type Connection, fromJson, toJson } from './connection.ts'

export function createPlanStore(connection: Connection): PlanStore {
  const find = (planId: number): StoredPlan | undefined => {
    const row = connection.get<{ plan: string }>('SELECT plan FROM plans WHERE id = ?', planId)
    return row && { ...fromJson<Omit<StoredPlan, 'id'>>(row.plan), id: planId }
  }
  return {
    find,
    add(plan) {
      // A plan that asks for nothing loses nothing when it is lost.
      const durability = plan.changes.length === 0 && plan.refusal === null ? 'crash-safe' : 'power-safe'
      const { lastId } = connection.transaction(durability, () =>
        connection.run('INSERT INTO plans (photo_id, plan) VALUES (?, ?)', plan.photoId, toJson(plan)),
      )
      return { ...plan, id: lastId }
    },
    latestOpen(photoId) {
      const row = connection.get<{ id: number }>(
        `SELECT id FROM plans WHERE photo_id = ? AND NOT EXISTS (SELECT 1 FROM journal WHERE plan_id = plans.id AND state IN ('written', 'reverted'))
           AND id = (SELECT max(id) FROM plans WHERE photo_id = ?)`,
        photoId,
        photoId,
      )
      return row && find(row.id)
    },
  }
}
