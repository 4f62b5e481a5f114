import type { PlanStore, StoredPlan } from '../metadata/ports.ts'
import { type Connection, fromJson, toJson } from './connection.ts'

export function createPlanStore(connection: Connection): PlanStore {
  return {
    add(plan) {
      const { lastId } = connection.transaction('power-safe', () =>
        connection.run('INSERT INTO plans (photo_id, plan) VALUES (?, ?)', plan.photoId, toJson(plan)),
      )
      return { ...plan, id: lastId }
    },
    find(planId) {
      const row = connection.get<{ plan: string }>('SELECT plan FROM plans WHERE id = ?', planId)
      return row && { ...fromJson<Omit<StoredPlan, 'id'>>(row.plan), id: planId }
    },
  }
}
