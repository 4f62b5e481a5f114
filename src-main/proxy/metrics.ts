/** Measurements of the proxy in Prometheus' format: requests as they end, models and cards as they stand when asked. */
import type { ReadCards, RequestRecord, Serving } from './ports.ts'

export interface Metrics {
  /** Returns at once. */
  observe(record: RequestRecord): void
  read(): Promise<{ contentType: string; text: string }>
}

export interface MetricsPorts {
  serving: Serving | undefined
  readCards: ReadCards | undefined
}

const SECONDS = [0.005, 0.02, 0.1, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600]

async function build({ serving, readCards }: MetricsPorts) {
  const { Counter, Gauge, Histogram, Registry } = await import('prom-client')
  const register = new Registry()
  const common = { registers: [register] }
  const perModel = ['model', 'backend']
  const requests = new Counter({
    ...common,
    name: 'imageworks_requests_total',
    help: 'Requests to models that ended',
    labelNames: [...perModel, 'status', 'error'],
  })
  const seconds = (name: string, help: string) => new Histogram({ ...common, name, help, labelNames: perModel, buckets: SECONDS })
  const total = seconds('imageworks_request_seconds', 'From the first look at a request to its end')
  const firstToken = seconds('imageworks_first_token_seconds', 'From the first look at a request to the first content')
  const queued = seconds('imageworks_queue_seconds', 'Waiting for a free place')
  const loading = seconds('imageworks_load_seconds', 'Waiting for a model to start')
  const tokens = new Counter({
    ...common,
    name: 'imageworks_tokens_total',
    help: 'Tokens, counted or estimated',
    labelNames: [...perModel, 'direction'],
  })
  const trimmed = new Counter({
    ...common,
    name: 'imageworks_trimmed_requests_total',
    help: 'Requests whose conversation was cut',
    labelNames: perModel,
  })
  const pictures = new Counter({ ...common, name: 'imageworks_picture_bytes_total', help: 'Bytes of pictures sent on', labelNames: perModel })
  if (serving) {
    const states = new Gauge({ ...common, name: 'imageworks_models', help: 'Models by state', labelNames: ['state'], collect: showStates })
    const inFlight = new Gauge({ ...common, name: 'imageworks_in_flight', help: 'Requests that are being answered' })
    const waiting = new Gauge({ ...common, name: 'imageworks_waiting', help: 'Requests that wait for a model' })
    function showStates(): void {
      const view = serving!.view()
      states.reset()
      for (const { state } of view.models) states.inc({ state })
      inFlight.set(view.inFlight)
      waiting.set(view.waiting)
    }
  }
  if (readCards) {
    const memory = new Gauge({
      ...common,
      name: 'imageworks_gpu_memory_mb',
      help: 'Memory of the cards in MiB',
      labelNames: ['gpu', 'kind'],
      collect: showCards,
    })
    async function showCards(): Promise<void> {
      memory.reset()
      for (const { index, totalMb, usedByUsMb, usedByOthersMb, freeMb } of (await readCards!()).cards) {
        const figures = { total: totalMb, ours: usedByUsMb, others: usedByOthersMb, free: freeMb }
        for (const [kind, mb] of Object.entries(figures)) if (mb !== null) memory.set({ gpu: String(index), kind }, mb)
      }
    }
  }
  return {
    register,
    observe(record: RequestRecord) {
      // A name that no entry has would let callers make as many series as they like.
      const labels = { model: record.backend === null ? 'unknown' : (record.model ?? 'unknown'), backend: record.backend ?? 'none' }
      requests.inc({ ...labels, status: String(record.status), error: record.error_code ?? '' })
      total.observe(labels, record.total_ms / 1000)
      const observed = [
        [firstToken, record.first_token_ms],
        [queued, record.queue_ms],
        [loading, record.load_ms],
      ] as const
      for (const [histogram, ms] of observed) if (ms !== null) histogram.observe(labels, ms / 1000)
      if (record.tokens_in !== null) tokens.inc({ ...labels, direction: 'in' }, record.tokens_in)
      if (record.tokens_out !== null) tokens.inc({ ...labels, direction: 'out' }, record.tokens_out)
      if (record.trimmed) trimmed.inc(labels)
      pictures.inc(labels, record.images.sent_bytes)
    },
  }
}

/** Nothing is loaded before the first request ends or somebody asks. */
export function createMetrics(ports: MetricsPorts): Metrics {
  let built: ReturnType<typeof build> | undefined
  let observe: ((record: RequestRecord) => void) | undefined
  const open = () => (built ??= build(ports))
  return {
    observe(record) {
      if (observe) return observe(record)
      void open().then((ready) => {
        observe = ready.observe
        observe(record)
      })
    },
    async read() {
      const { register } = await open()
      return { contentType: register.contentType, text: await register.metrics() }
    },
  }
}
