/** What the window knows, in slices, and the one object that actions work on. Actions are plain functions `(studio, …) => Promise<void> | void`. */
import { createStore, type StoreApi } from 'zustand/vanilla'
import type { Problem } from '../../src-main/contract/model.ts'
import type { Reply, RequestArgument, RouteName } from '../../src-main/contract/routes/index.ts'
import { ClientFailure, type StudioClient } from '../client/studio-client.ts'
import { type AppSlice, startApp } from './app-slice.ts'
import { type GaugeSlice, startGauge } from './gauge-slice.ts'
import { type JournalSlice, startJournal } from './journal-slice.ts'
import { type LibrarySlice, startLibrary } from './library-slice.ts'
import { type ModelsSlice, startModels } from './models-slice.ts'
import { type ReviewSlice, startReview } from './review-slice.ts'
import { type RunsSlice, startRuns } from './runs-slice.ts'
import { startWriting, type WritingSlice } from './writing-slice.ts'

export interface StudioState {
  app: AppSlice
  library: LibrarySlice
  runs: RunsSlice
  review: ReviewSlice
  writing: WritingSlice
  journal: JournalSlice
  models: ModelsSlice
  gauge: GaugeSlice
}

export interface Studio {
  readonly client: StudioClient
  readonly store: StoreApi<StudioState>
}

export function createStudio(client: StudioClient): Studio {
  const store = createStore<StudioState>(() => ({
    app: startApp(),
    library: startLibrary(),
    runs: startRuns(),
    review: startReview(),
    writing: startWriting(),
    journal: startJournal(),
    models: startModels(),
    gauge: startGauge(),
  }))
  return { client, store }
}

/** Changes one slice. */
export function patch<K extends keyof StudioState>(studio: Studio, slice: K, change: Partial<StudioState[K]>): void {
  studio.store.setState((state) => ({ ...state, [slice]: { ...state[slice], ...change } }))
}

export function toProblem(error: unknown): Problem {
  if (error instanceof ClientFailure) return error.problem
  return { code: 'internal', message: error instanceof Error ? error.message : 'Something went wrong in the window.' }
}

let lastNoticeId = 0

/** Shows a problem as a notice; the same code is shown once at a time. */
export function notify(studio: Studio, problem: Problem): void {
  const { notices } = studio.store.getState().app
  const others = notices.filter((notice) => notice.problem.code !== problem.code)
  patch(studio, 'app', { notices: [...others, { id: ++lastNoticeId, problem }].slice(-4) })
}

export function dismissNotice(studio: Studio, id: number): void {
  patch(studio, 'app', { notices: studio.store.getState().app.notices.filter((notice) => notice.id !== id) })
}

/** Says something to screen readers, politely. */
export function announce(studio: Studio, text: string): void {
  patch(studio, 'app', { announcement: text })
}

/** Asks the studio; a failure becomes a notice and `undefined`. For what the user asked for and can simply ask for again. */
export async function ask<N extends RouteName>(studio: Studio, name: N, input: RequestArgument<N>): Promise<Reply<N> | undefined> {
  try {
    return await studio.client.request(name, input)
  } catch (error) {
    notify(studio, toProblem(error))
    return undefined
  }
}
