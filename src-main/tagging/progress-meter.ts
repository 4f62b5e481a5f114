/** Speed over the last minute of work. Pure: time is handed in, in monotonic milliseconds. */

const WINDOW_MS = 60_000
const MAX_MARKS = 4096

export interface ProgressMeter {
  mark(nowTicksMs: number): void
  photosPerMinute(nowTicksMs: number): number
  /** Null until the first photo is done. */
  timeLeftMs(nowTicksMs: number, photosLeft: number): number | null
}

export function createProgressMeter(startedTicksMs: number): ProgressMeter {
  let marks: number[] = []
  let overall = 0
  const rate = (now: number): number => {
    marks = marks.filter((mark) => mark > now - WINDOW_MS)
    // A photo that takes longer than the window must not read as standstill.
    if (marks.length === 0) return overall === 0 ? 0 : (overall * 60_000) / Math.max(1, now - startedTicksMs)
    const from = marks.length === MAX_MARKS ? marks[0]! : Math.max(startedTicksMs, now - WINDOW_MS)
    return (marks.length * 60_000) / Math.max(1, now - from)
  }
  return {
    mark(now) {
      overall += 1
      marks.push(now)
      if (marks.length > MAX_MARKS) marks.shift()
    },
    photosPerMinute: rate,
    timeLeftMs(now, photosLeft) {
      const perMinute = rate(now)
      return perMinute === 0 ? null : (photosLeft * 60_000) / perMinute
    },
  }
}
