// A model server as a program: speaks OpenAI's protocol (and, with --ollama, Ollama's list), and misbehaves as told.
// Prints {"port":N} when it listens. GET /__seen tells what arrived: {requests:[{path, headers, body}], aborted, open}.
//   --port N            (0 = any)            --models a,b        ids it serves
//   --ollama            also /api/tags, /api/show, /api/ps (every model sees pictures; those named text-* do not)
//   --require-key K     401 without it       --status N --message M   answers every chat with that error
//   --not-json          answers HTML         --json-for-stream   ignores stream:true
//   --stall             accepts, never answers                   --stall-after N     N chunks, then silence
//   --cut-after N       N chunks, then the connection breaks     --end-after N       N chunks, then a clean end without finish
//   --garbage-after N   N chunks, then an event that is no JSON  --error-after N     N chunks, then an error event
//   --half-event        with --cut-after: breaks in the middle of an event
//   --chunk-ms N        pause between chunks --endless           streams until the caller goes away
//   --tools             answers with a tool call                 --reply TEXT        the answer's text
//   --echo-file FILE    answers with the bytes of FILE as they are, streamed or whole
//   --no-usage          counts no tokens         --pause-ms N        silence after the first word of a stream
// Also POST /v1/completions (with stream), /v1/embeddings (one vector an input, [length, index]) and /tokenize ({count}: one a word).
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { parseArgs } from 'node:util'

const text = { type: 'string' }
const flag = { type: 'boolean', default: false }
const { values: options } = parseArgs({
  options: {
    port: { type: 'string', default: '0' },
    models: { type: 'string', default: 'fake-vision' },
    reply: { type: 'string', default: 'A harbour at dusk.' },
    'chunk-ms': { type: 'string', default: '0' },
    'require-key': text,
    status: text,
    message: { type: 'string', default: 'no' },
    'stall-after': text,
    'cut-after': text,
    'end-after': text,
    'garbage-after': text,
    'error-after': text,
    'echo-file': text,
    ollama: flag,
    'not-json': flag,
    'json-for-stream': flag,
    stall: flag,
    'half-event': flag,
    endless: flag,
    tools: flag,
    'no-usage': flag,
    'pause-ms': { type: 'string', default: '0' },
  },
})

const models = options.models.split(',')
const seen = { requests: [], aborted: 0, open: 0 }
const after = (name) => (options[name] === undefined ? Number.POSITIVE_INFINITY : Number(options[name]))

function sendJson(response, status, body) {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

async function readAll(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 }
const counted = () => (options['no-usage'] ? {} : { usage })
const base = (model) => ({ id: 'chatcmpl-fake', created: 1_700_000_000, model })
const event = (value) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`

function chunksOf(body) {
  const chunk = (delta, finish = null) =>
    event({ ...base(body.model), object: 'chat.completion.chunk', choices: [{ index: 0, delta, finish_reason: finish }] })
  const list = [chunk({ role: 'assistant', content: '' })]
  if (options.tools) {
    list.push(chunk({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name: 'tag', arguments: '' } }] }))
    list.push(chunk({ tool_calls: [{ index: 0, function: { arguments: '{"x":1}' } }] }))
    list.push(chunk({}, 'tool_calls'))
  } else {
    for (const word of options.reply.match(/\S+\s*/g) ?? []) list.push(chunk({ content: word }))
    list.push(chunk({}, 'stop'))
  }
  if (body.stream_options?.include_usage && !options['no-usage']) {
    list.push(event({ ...base(body.model), object: 'chat.completion.chunk', choices: [], usage }))
  }
  list.push(event('[DONE]'))
  return list
}

async function streamTo(response, body) {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  if (options['echo-file'] !== undefined) {
    for (const piece of (await readFile(options['echo-file'])).toString('latin1').match(/[\s\S]{1,37}/g) ?? []) {
      response.write(Buffer.from(piece, 'latin1'))
      await pause(1)
    }
    response.end()
    return
  }
  const chunks = chunksOf(body)
  for (let i = 0; ; i++) {
    if (response.destroyed) return
    if (i >= after('stall-after')) return
    if (i >= after('cut-after')) {
      if (options['half-event']) response.write(chunks[i]?.slice(0, 20) ?? '')
      await pause(20)
      response.destroy()
      return
    }
    if (i >= after('end-after')) break
    if (i >= after('garbage-after')) {
      response.write('data: {{{ this is not JSON\n\n')
      break
    }
    if (i >= after('error-after')) {
      response.write(event({ error: { message: 'CUDA out of memory', type: 'server_error', code: 500 } }))
      break
    }
    const next = chunks[options.endless ? Math.min(i, 1) : i]
    if (next === undefined) break
    response.write(next)
    await pause(Number(options[i === 1 ? 'pause-ms' : 'chunk-ms']) || Number(options['chunk-ms']))
  }
  response.end()
}

function textChunksOf(body) {
  const chunk = (text, finish = null) =>
    event({ ...base(body.model), object: 'text_completion', choices: [{ index: 0, text, logprobs: null, finish_reason: finish }] })
  return [...(options.reply.match(/\S+\s*/g) ?? []).map((word) => chunk(word)), chunk('', 'stop'), event('[DONE]')]
}

function answerCompletion(response, body) {
  if (options.status !== undefined) return answerChat(response, body)
  if (body.stream) {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    for (const each of textChunksOf(body)) response.write(each)
    response.end()
    return
  }
  const choices = [{ index: 0, text: options.reply, logprobs: null, finish_reason: 'stop' }]
  sendJson(response, 200, { ...base(body.model), object: 'text_completion', choices, ...counted() })
}

function answerEmbeddings(response, body) {
  if (options.status !== undefined) return answerChat(response, body)
  const data = [body.input].flat().map((text, index) => {
    const vector = [String(text).length, index]
    const packed = Buffer.from(new Float32Array(vector).buffer).toString('base64')
    return { object: 'embedding', index, embedding: body.encoding_format === 'base64' ? packed : vector }
  })
  sendJson(response, 200, { object: 'list', model: body.model, data, usage: { prompt_tokens: 3, total_tokens: 3 } })
}

async function answerChat(response, body) {
  if (options.stall) return
  if (options.status !== undefined)
    return sendJson(response, Number(options.status), { error: { message: options.message, type: 'BadRequestError' } })
  if (options['not-json']) {
    response.writeHead(200, { 'content-type': 'text/html' })
    response.end('<html>hello</html>')
    return
  }
  if (body.stream && !options['json-for-stream']) return streamTo(response, body)
  if (options['echo-file'] !== undefined) {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(await readFile(options['echo-file']))
    return
  }
  const message = options.tools
    ? { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', type: 'function', function: { name: 'tag', arguments: '{"x":1}' } }] }
    : { role: 'assistant', content: options.reply }
  sendJson(response, 200, {
    ...base(body.model),
    object: 'chat.completion',
    choices: Array.from({ length: body.n ?? 1 }, (_, index) => ({ index, message, finish_reason: options.tools ? 'tool_calls' : 'stop' })),
    ...counted(),
  })
}

function answerOllama(path, response, body) {
  if (path === '/api/tags') {
    return sendJson(response, 200, {
      models: models.map((name) => ({ name, digest: `sha-${name}`, size: 6_000_000_000, details: { quantization_level: 'Q4_K_M', family: 'fake' } })),
    })
  }
  if (path === '/api/ps') return sendJson(response, 200, { models: [] })
  return sendJson(response, 200, { capabilities: String(body.model).startsWith('text-') ? ['completion'] : ['completion', 'vision'] })
}

const server = http.createServer(async (request, response) => {
  const path = new URL(request.url, 'http://fake').pathname
  if (path === '/__seen') return sendJson(response, 200, seen)
  const raw = await readAll(request)
  seen.requests.push({ path, headers: request.headers, body: raw })
  if (path === '/v1/chat/completions') {
    seen.open += 1
    response.once('close', () => {
      seen.open -= 1
      if (!response.writableFinished) seen.aborted += 1
    })
  }
  if (options['require-key'] !== undefined && request.headers.authorization !== `Bearer ${options['require-key']}`) {
    return sendJson(response, 401, { error: { message: 'wrong key' } })
  }
  const body = raw === '' ? {} : JSON.parse(raw)
  if (path === '/v1/models') return sendJson(response, 200, { object: 'list', data: models.map((id) => ({ id, object: 'model' })) })
  if (path === '/v1/chat/completions') return answerChat(response, body)
  if (path === '/v1/completions') return answerCompletion(response, body)
  if (path === '/v1/embeddings') return answerEmbeddings(response, body)
  if (path === '/tokenize') return sendJson(response, 200, { count: String(body.prompt).split(/\s+/).filter(Boolean).length })
  if (options.ollama && path.startsWith('/api/')) return answerOllama(path, response, body)
  return sendJson(response, 404, { error: { message: `no ${path}` } })
})

process.on('disconnect', () => process.exit(0))
server.listen(Number(options.port), '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
