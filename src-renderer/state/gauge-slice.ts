import type { StartForecast, Gauge } from '../../src-main/contract/engine.ts'
import type { Problem } from '../../src-main/contract/model.ts'
import type { GaugeSample } from './gauge-view.ts'

export interface GaugeSlice {
  /** Null until the studio has told. */
  reading: Gauge | null
  /** The last minutes, the newest last. */
  history: readonly GaugeSample[]
  /** Somebody looks at the figures now. */
  watched: boolean
  /** Model that the question "what if it started" is about. */
  asked: string | null
  forecast: StartForecast | null
  forecastProblem: Problem | null
}

export const startGauge = (): GaugeSlice => ({ reading: null, history: [], watched: false, asked: null, forecast: null, forecastProblem: null })
