// Ollama as a program: speaks its native protocol as strictly as the daemon does, and misbehaves as told.
// Prints {"port":N} when it listens. GET /__seen tells what arrived: {requests:[{path, body}], aborted, open}. POST /__evict {model} unloads
// one behind our back.
//   --port N             (0 = any)               --models a,b         tags it has (text-* see no pictures, embed-* only embed)
//   --loaded a,b         loaded from the start   --vram-mb N          of a loaded model
//   --load-ms N          how long a load takes   --load-error M       every load fails with this message
//   --reply TEXT         the answer's text       --thinking TEXT      thought before the answer
//   --tools              answers with two calls  --done-reason R      stop, length
//   --eval-count N       tokens of the answer    --no-prompt-count    leaves out prompt_eval_count, as with a cached prompt
//   --status N --message M   every chat answers with that error
//   --not-json           answers HTML            --json-for-stream    answers a stream request in one line
//   --stall              accepts, never answers  --stall-after N      N lines, then silence
//   --cut-after N        N lines, then the connection breaks          --end-after N        N lines, then a clean end without done
//   --garbage-after N    N lines, then one that is no JSON            --error-after N      N lines, then {"error": message}
//   --split N            sends in pieces of N bytes                   --chunk-ms N         pause between lines
//   --endless            streams until the caller goes away
//   --ignore-unload      says that it unloads and does not            --no-ps              has no /api/ps (older versions)
import http from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const text = { type: 'string' }
const flag = { type: 'boolean', default: false }
const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    models: { type: 'string', default: 'qwen2.5vl:7b' },
    loaded: { type: 'string', default: '' },
    'vram-mb': { type: 'string', default: '5800' },
    'load-ms': { type: 'string', default: '0' },
    'load-error': text,
    reply: { type: 'string', default: 'A harbour at dusk.' },
    thinking: text,
    tools: flag,
    'done-reason': { type: 'string', default: 'stop' },
    'eval-count': { type: 'string', default: '5' },
    'no-prompt-count': flag,
    status: text,
    message: { type: 'string', default: 'no' },
    'not-json': flag,
    'json-for-stream': flag,
    stall: flag,
    'stall-after': text,
    'cut-after': text,
    'end-after': text,
    'garbage-after': text,
    'error-after': text,
    split: text,
    'chunk-ms': { type: 'string', default: '0' },
    endless: flag,
    'ignore-unload': flag,
    'no-ps': flag,
  },
})

const split = (list) => list.split(',').filter((name) => name !== '')
const models = split(options.models)
/** Tag → {contextLength, expiresAt}. */
const loaded = new Map(split(options.loaded).map((name) => [name, { contextLength: 4096, expiresAt: Date.now() + 300_000 }]))
const seen = { requests: [], aborted: 0, open: 0 }
const after = (name) => (options[name] === undefined ? Number.POSITIVE_INFINITY : Number(options[name]))
const vramBytes = Number(options['vram-mb']) * 1024 * 1024

class Refusal extends Error {
  constructor(status, message) {
    super(message)
    this.status = status
  }
}

function sendJson(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify(body))
}

async function readAll(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

function findModel(name) {
  const found = models.find((model) => model === name || model === `${name}:latest` || `${model}:latest` === name)
  if (found === undefined) throw new Refusal(404, `model '${name}' not found`)
  return found
}

/** Seconds; the daemon takes numbers (seconds) and Go durations. */
function keepAliveSeconds(value) {
  if (value === undefined) return 300
  if (typeof value === 'number') return value
  const match = /^(-?\d+(?:\.\d+)?)(ms|s|m|h)$/.exec(value)
  if (!match) throw new Refusal(400, `time: invalid duration "${value}"`)
  return Number(match[1]) * { ms: 0.001, s: 1, m: 60, h: 3600 }[match[2]]
}

async function load(tag, body) {
  const keepSeconds = keepAliveSeconds(body.keep_alive)
  if (!loaded.has(tag)) {
    if (options['load-error'] !== undefined) throw new Refusal(500, options['load-error'])
    await pause(Number(options['load-ms']))
  }
  loaded.set(tag, {
    contextLength: body.options?.num_ctx ?? 4096,
    expiresAt: keepSeconds < 0 ? Date.now() + 10 ** 12 : Date.now() + keepSeconds * 1000,
  })
}

function unload(tag) {
  if (!options['ignore-unload']) loaded.delete(tag)
}

const unmarshal = (what, where, wanted) => new Refusal(400, `json: cannot unmarshal ${what} into Go struct field ${where} of type ${wanted}`)

/** What Go's decoder refuses. */
function checkMessages(messages) {
  for (const message of messages) {
    if (typeof message.content !== 'string' && message.content !== undefined) throw unmarshal('array', 'ChatRequest.messages.content', 'string')
    for (const image of message.images ?? []) {
      if (typeof image !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(image)) throw new Refusal(400, 'illegal base64 data at input byte 4')
    }
    for (const call of message.tool_calls ?? []) {
      const given = call.function?.arguments
      if (typeof given !== 'object' || given === null || Array.isArray(given)) {
        throw unmarshal('string', 'ChatRequest.messages.tool_calls.function.arguments', 'api.ToolCallFunctionArguments')
      }
    }
  }
}

function linesOf(tag) {
  const base = { model: tag, created_at: '2026-01-02T03:04:05.678901Z' }
  const list = []
  for (const word of options.thinking?.match(/\S+\s*/g) ?? []) {
    list.push({ ...base, message: { role: 'assistant', content: '', thinking: word }, done: false })
  }
  if (options.tools) {
    for (const [index, name] of ['tag', 'rate'].entries()) {
      const call = { id: `call_${name}`, function: { index, name, arguments: { x: index + 1, 'y z': 'ü"' } } }
      list.push({ ...base, message: { role: 'assistant', content: '', tool_calls: [call] }, done: false })
    }
  } else {
    for (const word of options.reply.match(/\S+\s*/g) ?? []) list.push({ ...base, message: { role: 'assistant', content: word }, done: false })
  }
  list.push({
    ...base,
    message: { role: 'assistant', content: '' },
    done_reason: options['done-reason'],
    done: true,
    total_duration: 9_000_000,
    load_duration: 1_000_000,
    ...(options['no-prompt-count'] ? {} : { prompt_eval_count: 26, prompt_eval_duration: 3_000_000 }),
    eval_count: Number(options['eval-count']),
    eval_duration: 5_000_000,
  })
  return list
}

async function write(response, bytes) {
  const size = options.split === undefined ? bytes.length : Number(options.split)
  for (let at = 0; at < bytes.length; at += size) {
    response.write(bytes.subarray(at, at + size))
    if (options.split !== undefined) await pause(1)
  }
}

async function streamTo(response, tag) {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' })
  const lines = linesOf(tag)
  for (let i = 0; ; i++) {
    if (response.destroyed) return
    if (i >= after('stall-after')) return
    if (i >= after('cut-after')) {
      await pause(20)
      response.destroy()
      return
    }
    if (i >= after('end-after')) break
    if (i >= after('garbage-after')) {
      response.write('{"model": <html>\n')
      break
    }
    if (i >= after('error-after')) {
      response.write(`${JSON.stringify({ error: options.message })}\n`)
      break
    }
    const next = lines[options.endless ? 0 : i]
    if (next === undefined) break
    await write(response, Buffer.from(`${JSON.stringify(next)}\n`))
    await pause(Number(options['chunk-ms']))
  }
  response.end()
}

function whole(tag) {
  const lines = linesOf(tag)
  const joined = (key) => lines.map(({ message }) => message[key] ?? '').join('')
  const calls = lines.flatMap(({ message }) => message.tool_calls ?? [])
  const thinking = joined('thinking')
  const message = {
    role: 'assistant',
    content: joined('content'),
    ...(thinking === '' ? {} : { thinking }),
    ...(calls.length === 0 ? {} : { tool_calls: calls }),
  }
  return { ...lines.at(-1), message }
}

async function answerChat(response, body) {
  const tag = findModel(body.model)
  const messages = body.messages ?? []
  checkMessages(messages)
  if (messages.length === 0) {
    if (keepAliveSeconds(body.keep_alive) === 0) unload(tag)
    else await load(tag, body)
    return sendJson(response, 200, { model: tag, message: { role: 'assistant', content: '' }, done: true, done_reason: 'load' })
  }
  if (options.stall) return
  if (options.status !== undefined) return sendJson(response, Number(options.status), { error: options.message })
  await load(tag, body)
  if (options['not-json']) {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<html>hello</html>')
    return
  }
  if (body.stream !== false && !options['json-for-stream']) return streamTo(response, tag)
  sendJson(response, 200, whole(tag))
}

async function answerGenerate(response, body) {
  const tag = findModel(body.model)
  if (tag.startsWith('embed-') && keepAliveSeconds(body.keep_alive) !== 0) throw new Refusal(400, `"${tag}" does not support generate`)
  if (body.prompt !== undefined && body.prompt !== '')
    return sendJson(response, 200, { model: tag, response: options.reply, done: true, done_reason: 'stop' })
  const ends = keepAliveSeconds(body.keep_alive) === 0
  if (ends) unload(tag)
  else await load(tag, body)
  sendJson(response, 200, { model: tag, created_at: '2026-01-02T03:04:05Z', response: '', done: true, done_reason: ends ? 'unload' : 'load' })
}

const describe = (name) => ({
  name,
  model: name,
  size: 6_000_000_000,
  digest: `sha-${name}`,
  details: { format: 'gguf', family: 'fake', families: ['fake'], parameter_size: '8.3B', quantization_level: 'Q4_K_M' },
})

const routes = {
  'GET /api/version': (response) => sendJson(response, 200, { version: '0.15.2' }),
  'GET /api/tags': (response) => sendJson(response, 200, { models: models.map(describe) }),
  'GET /api/ps': (response) => {
    if (options['no-ps']) throw new Refusal(404, 'page not found')
    for (const [name, { expiresAt }] of loaded) if (expiresAt <= Date.now()) unload(name)
    const list = [...loaded].map(([name, { contextLength, expiresAt }]) => ({
      ...describe(name),
      expires_at: new Date(expiresAt).toISOString(),
      size_vram: vramBytes,
      context_length: contextLength,
    }))
    sendJson(response, 200, { models: list })
  },
  'POST /api/show': (response, body) => {
    const tag = findModel(body.model)
    const capabilities = tag.startsWith('embed-') ? ['embedding'] : tag.startsWith('text-') ? ['completion'] : ['completion', 'vision', 'tools']
    sendJson(response, 200, { ...describe(tag), capabilities })
  },
  'POST /api/generate': answerGenerate,
  'POST /api/embed': async (response, body) => {
    const tag = findModel(body.model)
    await load(tag, body)
    sendJson(response, 200, { model: tag, embeddings: [] })
  },
  'POST /api/chat': answerChat,
  'POST /v1/completions': (response, body) =>
    sendJson(response, 200, {
      id: 'cmpl-fake',
      object: 'text_completion',
      model: body.model,
      choices: [{ index: 0, text: options.reply, finish_reason: 'stop' }],
    }),
  'POST /v1/embeddings': (response, body) =>
    sendJson(response, 200, { object: 'list', model: body.model, data: [{ object: 'embedding', index: 0, embedding: [0.25, -0.5] }] }),
  'GET /__seen': (response) => sendJson(response, 200, seen),
  'POST /__evict': (response, body) => {
    loaded.delete(body.model)
    sendJson(response, 200, {})
  },
}

const server = http.createServer(async (request, response) => {
  const path = new URL(request.url, 'http://fake').pathname
  const raw = await readAll(request)
  if (!path.startsWith('/__')) seen.requests.push({ path, body: raw })
  if (path === '/api/chat') {
    seen.open += 1
    response.once('close', () => {
      seen.open -= 1
      if (!response.writableFinished) seen.aborted += 1
    })
  }
  try {
    const route = routes[`${request.method} ${path}`]
    if (!route) throw new Refusal(404, '404 page not found')
    await route(response, raw === '' ? {} : JSON.parse(raw))
  } catch (error) {
    sendJson(response, error.status ?? 500, { error: error.message })
  }
})

process.on('disconnect', () => process.exit(0))
server.listen(Number(options.port), '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
