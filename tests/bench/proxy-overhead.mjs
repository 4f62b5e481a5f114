/**
 * What the studio's proxy adds to a request, beside two gateways that do less and more, all in front of the same stub, interleaved
 * in every round: `node tests/bench/proxy-overhead.mjs [rounds]`. Exit 1 when a ratio is above its limit by more than the noise of a shared machine.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import http from 'node:http'
import { cpus, loadavg, tmpdir } from 'node:os'
import path from 'node:path'
import sharp from 'sharp'

const root = path.resolve(import.meta.dirname, '../..')
const rounds = Number(process.argv[2] ?? 5)
/** Ratios may miss by this much before the run fails: two shared cores. */
const SLACK = 1.3
const SMALL = 300
const LARGE = 30
const STREAMS = 40
const PARALLEL = 1200
const IMAGE_REQUESTS = 5000
const children = []
const home = mkdtempSync(path.join(tmpdir(), 'proxy-overhead-'))

function start(args, options = {}) {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe', 'ipc'], ...options })
  child.stderr.on('data', (text) => process.env.BENCH_VERBOSE && process.stderr.write(text))
  children.push(child)
  return child
}

async function portOf(child) {
  for await (const text of child.stdout) {
    const port = /"port":\s*(\d+)|127\.0\.0\.1:(\d+)/.exec(String(text))
    if (port) {
      child.stdout.resume()
      return Number(port[1] ?? port[2])
    }
  }
  throw new Error('a program of the bench ended before it listened')
}

async function freePort() {
  const server = http.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}

async function untilAnswers(port) {
  for (let i = 0; i < 200; i += 1) {
    const up = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    )
    if (up) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`nothing answers on ${port}`)
}

/** @returns {Promise<{totalMs: number, firstMs: number, pieces: string[], arrivedMs: number[]}>} */
function post(target, body) {
  return new Promise((resolve, reject) => {
    const startedAt = performance.now()
    const request = http.request(
      {
        port: target.port,
        host: '127.0.0.1',
        path: '/v1/chat/completions',
        method: 'POST',
        agent: target.agent,
        headers: { 'content-type': 'application/json', 'content-length': body.length, ...target.headers },
      },
      (response) => {
        let firstMs = null
        const pieces = []
        const arrivedMs = []
        response.on('data', (piece) => {
          firstMs ??= performance.now() - startedAt
          arrivedMs.push(performance.timeOrigin + performance.now())
          pieces.push(String(piece))
        })
        response.on('end', () => {
          if (response.statusCode !== 200)
            return reject(new Error(`${target.name} answered ${response.statusCode}: ${pieces.join('').slice(0, 300)}`))
          resolve({ totalMs: performance.now() - startedAt, firstMs, pieces, arrivedMs })
        })
        response.on('error', reject)
      },
    )
    request.on('error', reject)
    request.end(body)
  })
}

const quantile = (values, q) => [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]
const median = (values) => quantile(values, 0.5)
const chat = (content, more = {}) => Buffer.from(JSON.stringify({ model: 'stub', ...more, messages: [{ role: 'user', content }] }))
const smallBody = chat('What is in this picture?')
/** A request with a JPEG of noise whose base64 text is about so long; what follows the picture's end marker is ignored by every reader. */
const noise = await sharp({
  create: { width: 1280, height: 960, channels: 3, background: 'grey', noise: { type: 'gaussian', mean: 128, sigma: 60 } },
})
  .jpeg({ quality: 80 })
  .toBuffer()
const imageOf = (textBytes) => {
  const jpeg = Buffer.alloc(Math.floor((textBytes * 3) / 4), 0x20)
  noise.copy(jpeg)
  return chat([
    { type: 'text', text: 'Describe it.' },
    { type: 'image_url', image_url: { url: `data:image/jpeg;base64,${jpeg.toString('base64')}` } },
  ])
}
const largeBody = imageOf(2 * 1024 * 1024)
const streamBody = chat('Tell me more.', { stream: true })
const pacedBody = chat('Slowly.', { stream: true, paced: true })

async function sequence(target, body, count) {
  const results = []
  for (let i = 0; i < count; i += 1) results.push(await post(target, body))
  return results
}

async function inParallel(target, body, connections, count) {
  const startedAt = performance.now()
  let left = count
  const one = async () => {
    while (left > 0) {
      left -= 1
      await post(target, body)
    }
  }
  await Promise.all(Array.from({ length: connections }, one))
  return count / ((performance.now() - startedAt) / 1000)
}

const ask = async (child, message) => {
  child.send(message)
  const [answer] = await once(child, 'message')
  return answer
}

try {
  const stub = start(['tests/bench/programs/upstream-stub.mjs'])
  const stubPort = await portOf(stub)
  const reference = await portOf(start(['tests/bench/programs/http-proxy-reference.mjs', String(stubPort)]))
  const portkeyPort = await freePort()
  start(['node_modules/@portkey-ai/gateway/build/start-server.js', `--port=${portkeyPort}`, '--headless'])
  await untilAnswers(portkeyPort)

  const registry = path.join(home, 'registry.json')
  const entry = {
    name: 'stub',
    backend: 'remote',
    backend_config: { base_url: `http://127.0.0.1:${stubPort}/v1`, max_concurrent_requests: 64 },
    capabilities: { text: true, vision: true },
    roles: ['caption'],
    role_priority: { caption: 50 },
  }
  writeFileSync(registry, JSON.stringify([entry]))
  const ourPort = await freePort()
  const studio = start(
    [
      '--expose-gc',
      '--require',
      path.join(root, 'tests/bench/programs/report-load.cjs'),
      'out/main/cli.js',
      'proxy',
      '--port',
      String(ourPort),
      '--registry',
      registry,
    ],
    { env: { ...process.env, IMAGEWORKS_HOME: path.join(home, 'data') } },
  )
  studio.stdout.resume()
  await untilAnswers(ourPort)

  const agent = () => new http.Agent({ keepAlive: true, maxSockets: 16 })
  const target = (name, port, headers = {}) => ({ name, port, headers, agent: agent() })
  const targets = {
    direct: target('direct', stubPort),
    httpProxy: target('http-proxy', reference),
    portkey: target('Portkey', portkeyPort, {
      'x-portkey-provider': 'openai',
      'x-portkey-custom-host': `http://127.0.0.1:${stubPort}/v1`,
      authorization: 'Bearer bench',
    }),
    studio: target('studio', ourPort),
  }
  const names = Object.keys(targets)
  const streaming = names.filter((name) => name !== 'portkey')
  const collected = () => Object.fromEntries(names.map((name) => [name, []]))
  const small = collected()
  const large = collected()
  const first = collected()
  const whole = collected()
  const rate = collected()
  for (const name of names) await sequence(targets[name], smallBody, 50)
  for (let round = 0; round < rounds; round += 1) {
    // Another order each round: nobody always goes first.
    const order = names.map((_, i) => names[(i + round) % names.length])
    for (const name of order) small[name].push(...(await sequence(targets[name], smallBody, SMALL)).map(({ totalMs }) => totalMs))
    for (const name of order) large[name].push(...(await sequence(targets[name], largeBody, LARGE)).map(({ totalMs }) => totalMs))
    for (const name of order.filter((each) => streaming.includes(each))) {
      const results = await sequence(targets[name], streamBody, STREAMS)
      first[name].push(...results.map(({ firstMs }) => firstMs))
      whole[name].push(...results.map(({ totalMs }) => totalMs))
    }
    for (const name of order) rate[name].push(await inParallel(targets[name], smallBody, 16, PARALLEL))
  }

  const paced = { lateMs: [], pieces: [] }
  for (let i = 0; i < 10; i += 1) {
    const { pieces, arrivedMs } = await post(targets.studio, pacedBody)
    paced.pieces.push(pieces.filter((piece) => piece.includes('@')).length)
    pieces.forEach((piece, at) => {
      for (const sent of piece.matchAll(/@([\d.]+)@/g)) paced.lateMs.push(arrivedMs[at] - Number(sent[1]))
    })
  }

  await ask(studio, 'reset')
  await inParallel(targets.studio, largeBody, 8, 160)
  const uploads = await ask(studio, 'report')

  await inParallel(targets.studio, imageOf(1024 * 1024), 4, 500)
  const before = await ask(studio, 'report')
  await inParallel(targets.studio, imageOf(1024 * 1024), 4, IMAGE_REQUESTS)
  const after = await ask(studio, 'report')

  const p50 = (of, name) => median(of[name])
  const added = (of, name, q = 0.5) => quantile(of[name], q) - quantile(of.direct, q)
  const ratio = (a, b) => a / Math.max(b, 0.01)
  const rows = [
    ['small request, added p50: studio / http-proxy', ratio(added(small, 'studio'), added(small, 'httpProxy')), 1.5, 'most'],
    ['small request, added p50: studio / Portkey', ratio(added(small, 'studio'), added(small, 'portkey')), 0.35, 'most'],
    ['small request, added p95: studio / http-proxy', ratio(added(small, 'studio', 0.95), added(small, 'httpProxy', 0.95)), 2, 'most'],
    ['2 MiB picture, total p50: studio / http-proxy', ratio(p50(large, 'studio'), p50(large, 'httpProxy')), 1.5, 'most'],
    ['2 MiB picture, total p50: studio / Portkey', ratio(p50(large, 'studio'), p50(large, 'portkey')), 0.25, 'most'],
    ['stream of 100, first event later than direct, ms', added(first, 'studio'), 1, 'most'],
    ['stream of 100, total p50: studio / direct', ratio(p50(whole, 'studio'), p50(whole, 'direct')), 1.2, 'most'],
    ['stream of 100, total p50: http-proxy / direct (for comparison)', ratio(p50(whole, 'httpProxy'), p50(whole, 'direct')), null, 'most'],
    ['paced stream, pieces of 20 that arrive one by one (fewest)', Math.min(...paced.pieces), 20, 'least'],
    ['paced stream, an event arrives late by, p99 ms', quantile(paced.lateMs, 0.99), 5, 'most'],
    ['16 connections, requests a second: studio / http-proxy', ratio(median(rate.studio), median(rate.httpProxy)), 0.9, 'least'],
    ['16 connections, requests a second: studio / Portkey', ratio(median(rate.studio), median(rate.portkey)), 2.5, 'least'],
    ['5,000 picture requests, memory grows by MiB', (after.rssBytes - before.rssBytes) / 2 ** 20, 20, 'most'],
    ['8 uploads side by side, event loop of the proxy late by, p99 ms', uploads.p99Ms, 20, 'most'],
  ]
  console.log(`${cpus().length} × ${cpus()[0]?.model}, load ${loadavg()[0].toFixed(2)}, ${rounds} rounds`)
  for (const name of names) {
    console.log(
      `${targets[name].name.padEnd(11)} small ${p50(small, name).toFixed(2)} ms · 2 MiB ${p50(large, name).toFixed(1)} ms · ` +
        `${first[name].length > 0 ? `stream ${p50(first, name).toFixed(2)}/${p50(whole, name).toFixed(1)} ms · ` : ''}${median(rate[name]).toFixed(0)} requests/s`,
    )
  }
  let missed = 0
  for (const [label, value, limit, kind] of rows) {
    const held = limit === null || (kind === 'most' ? value <= limit : value >= limit)
    const far = limit !== null && (kind === 'most' ? value > limit * SLACK : value < limit / SLACK)
    if (far) missed += 1
    console.log(`${held ? 'held  ' : far ? 'MISSED' : 'near  '} ${label}: ${value.toFixed(2)}${limit === null ? '' : ` (at ${kind} ${limit})`}`)
  }
  console.log(
    `event loop of the proxy during the uploads: longest ${uploads.maxMs.toFixed(1)} ms; Portkey has no row for streams: its release answers them with an error on this Node`,
  )
  process.exitCode = missed > 0 ? 1 : 0
} finally {
  for (const child of children) child.kill('SIGKILL')
  rmSync(home, { recursive: true, force: true })
}
