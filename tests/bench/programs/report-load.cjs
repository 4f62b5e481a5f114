/** Preloaded into a measured process: answers `"reset"` and `"report"` over IPC with its memory and the delay of its event loop. */
const { monitorEventLoopDelay } = require('node:perf_hooks')

const delay = monitorEventLoopDelay({ resolution: 1 })
delay.enable()
process.on('message', (message) => {
  if (message === 'reset') delay.reset()
  if (message !== 'reset' && message !== 'report') return
  global.gc?.()
  process.send({ rssBytes: process.memoryUsage.rss(), p99Ms: delay.percentile(99) / 1e6, maxMs: delay.max / 1e6 })
})
process.channel?.unref()
