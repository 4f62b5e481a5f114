import type { FaultHook, WriteStep } from '../../../../src-main/metadata/journalled-replace.ts'

/** A system error at one step. */
export const failAt =
  (wanted: WriteStep, errno: string): FaultHook =>
  (step) => {
    if (step === wanted) throw Object.assign(new Error(`injected ${errno}`), { code: errno })
  }

/** The process is gone at that step: nothing after it runs, no cleanup either. */
export function dieAt(wanted: WriteStep): { hook: FaultHook; death: Promise<void> } {
  let died!: () => void
  const death = new Promise<void>((resolve) => {
    died = resolve
  })
  const hook: FaultHook = (step) => {
    if (step !== wanted) return
    died()
    return new Promise<void>(() => {})
  }
  return { hook, death }
}
