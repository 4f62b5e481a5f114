/** Reads what the cards hold, as often as somebody needs it, and asks what a start would lead to. */
import { addSample, pollAfterMs } from './gauge-view.ts'
import { patch, type Studio, toProblem } from './studio.ts'

/** One reading. A failure shows nothing: the next reading comes by itself, and a lost connection is told elsewhere. */
export async function readGauge(studio: Studio): Promise<void> {
  try {
    const reading = await studio.client.request('vram.gauge', {})
    patch(studio, 'gauge', { reading, history: addSample(studio.store.getState().gauge.history, reading) })
  } catch {
    // Figures on screen keep the time that they were taken at.
  }
}

/** Reads for as long as the page can be seen. Returns its own undo. */
export function followGauge(studio: Studio, page: Window): () => void {
  let timer: number | undefined
  let reading = false
  let stopped = false
  const stateNow = () => {
    const { gauge, models } = studio.store.getState()
    const loading = models.list?.some((model) => model.state === 'loading') ?? false
    return { watched: gauge.watched, loading, cardCount: gauge.reading?.cards.length ?? null }
  }
  const wait = () => {
    page.clearTimeout(timer)
    if (stopped || reading || page.document.hidden) return
    const afterMs = pollAfterMs(stateNow())
    if (afterMs !== null) timer = page.setTimeout(() => void read(), afterMs)
  }
  const read = async () => {
    page.clearTimeout(timer)
    if (stopped || reading || page.document.hidden) return
    reading = true
    await readGauge(studio)
    reading = false
    wait()
  }
  const onSight = () => (page.document.hidden ? page.clearTimeout(timer) : void read())
  const unsubscribe = studio.store.subscribe((state, before) => {
    const begins = state.gauge.watched && !before.gauge.watched
    const modelsChanged = state.models.list !== before.models.list
    if (begins) void read()
    else if (modelsChanged || state.gauge.watched !== before.gauge.watched) wait()
    // A model that came or went changes the answer.
    const { asked, watched } = state.gauge
    if (asked !== null && (begins || (watched && modelsChanged))) void askForecast(studio, asked)
  })
  page.document.addEventListener('visibilitychange', onSight)
  void read()
  return () => {
    stopped = true
    page.clearTimeout(timer)
    unsubscribe()
    page.document.removeEventListener('visibilitychange', onSight)
  }
}

export function watchGauge(studio: Studio, watched: boolean): void {
  patch(studio, 'gauge', { watched })
}

/** What would happen if this model were started now. */
export async function askForecast(studio: Studio, name: string): Promise<void> {
  patch(studio, 'gauge', { asked: name, ...(studio.store.getState().gauge.asked === name ? {} : { forecast: null, forecastProblem: null }) })
  const stillAsked = () => studio.store.getState().gauge.asked === name
  try {
    const forecast = await studio.client.request('vram.forecast', { name })
    if (stillAsked()) patch(studio, 'gauge', { forecast, forecastProblem: null })
  } catch (error) {
    if (stillAsked()) patch(studio, 'gauge', { forecast: null, forecastProblem: toProblem(error) })
  }
}
