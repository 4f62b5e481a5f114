// A model server as a program, to be started and ended by a launcher: takes the command lines of vLLM, llama-server and LMDeploy,
// logs as they do, and misbehaves as told. Prints {"port":N} when it serves. Also GET /__about: {pid, argv, environment, cwd}. Flags that it does not know are passed over with their values, as long as they begin with --.
//   serve MODEL | --model M | serve api_server MODEL     --host H | --server-name H      --port N | --server-port N
//   --served-model-name ID | --alias ID | --model-name ID
//   --load-ms N             works N ms before it listens, with a log line every 50 ms (--quiet-load: without)
//   --early-listen          listens while it loads: health 503, but the models are listed already (as llama-server does)
//   --tps N                 words a second of an answer (default: no pause)
//   --slow-first-token MS   before the first content              --stall       accepts a chat, never answers
//   --garbage-sse           an event that is no JSON               --crash-after N   ends, without a farewell, during answer N
//   --ignore-sigterm        (its grandchild too)                   --spawn-grandchild   prints {"grandchild":PID}; ends only by signal
//   --oom-above N           ends for want of memory when its context is larger
//   --oom --bad-flag --missing-weights --no-gpu --bad-architecture   end at the start, each with its product's words
//   --exit-code N           ends at once, silently                 --wrong-model   serves another id
//   --style vllm|llama      whose words (default: by the command line)
import { spawn } from 'node:child_process'
import http from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

const VALUES = new Set([
  'model',
  'host',
  'server-name',
  'port',
  'server-port',
  'served-model-name',
  'alias',
  'model-name',
  'load-ms',
  'tps',
  'slow-first-token',
  'crash-after',
  'exit-code',
  'style',
  'oom-above',
  'ctx-size',
  'max-model-len',
])
const SWITCHES = new Set([
  'quiet-load',
  'early-listen',
  'stall',
  'garbage-sse',
  'ignore-sigterm',
  'spawn-grandchild',
  'oom',
  'bad-flag',
  'missing-weights',
  'no-gpu',
  'bad-architecture',
  'wrong-model',
  'grandchild',
])
const options = {}
const words = []
const argv = process.argv.slice(2)
for (let i = 0; i < argv.length; i++) {
  const [flag, inline] = argv[i].startsWith('--') ? argv[i].slice(2).split(/=(.*)/s) : [undefined]
  if (flag === undefined) words.push(argv[i])
  else if (SWITCHES.has(flag)) options[flag] = true
  else if (VALUES.has(flag)) options[flag] = inline ?? argv[++i]
  else if (inline === undefined && argv[i + 1] !== undefined && !argv[i + 1].startsWith('--')) i += 1
}

const number = (name, otherwise = 0) => (options[name] === undefined ? otherwise : Number(options[name]))
const model = options.model ?? (words[1] === 'api_server' ? words[2] : words[1]) ?? 'scripted'
const served = options['wrong-model'] ? 'some-other-model' : (options['served-model-name'] ?? options.alias ?? options['model-name'] ?? model)
const host = options.host ?? options['server-name'] ?? '127.0.0.1'
const port = Number(options.port ?? options['server-port'] ?? 0)
const llama = options.style ? options.style === 'llama' : options.alias !== undefined
const log = (line) => process.stderr.write(`${line}\n`)
const say = (inLlama, inVllm) => log(llama ? inLlama : inVllm)

if (options['ignore-sigterm']) process.on('SIGTERM', () => log('SIGTERM? Not now.'))
if (options.grandchild) {
  setInterval(() => undefined, 1000)
  await new Promise(() => undefined)
}
if (options['spawn-grandchild']) {
  const flags = ['--grandchild', ...(options['ignore-sigterm'] ? ['--ignore-sigterm'] : [])]
  const child = spawn(process.execPath, [process.argv[1], ...flags], { stdio: 'inherit' })
  log(JSON.stringify({ grandchild: child.pid }))
}

function failAs(inLlama, inVllm, code = 1) {
  say(inLlama, inVllm)
  process.exit(code)
}
if (options['exit-code'] !== undefined) process.exit(number('exit-code'))
if (options['bad-flag']) failAs('error: invalid argument: --bad-flag', 'vllm: error: unrecognized arguments: --bad-flag', 2)
say(`srv    load_model: loading model '${model}'`, `INFO 08-22 10:00:01 [api_server.py:1805] vLLM API server version 0.10.1, model ${model}`)
if (options['missing-weights']) {
  failAs(
    `gguf_init_from_file: failed to open GGUF file '${model}': No such file or directory`,
    `OSError: ${model} does not appear to have a file named config.json. Checkout 'https://huggingface.co/${model}/tree/main' for available files.`,
  )
}
if (options['no-gpu']) {
  failAs('ggml_cuda_init: failed to initialize CUDA: no CUDA-capable device is detected', 'RuntimeError: No CUDA GPUs are available')
}
if (options['bad-architecture']) {
  failAs(
    "llama_model_load: error loading model: error loading model architecture: unknown model architecture: 'newest'",
    "ValueError: Model architectures ['NewestForCausalLM'] are not supported for now. Supported architectures: dict_keys([...])",
  )
}

const listenFailed = (error) => {
  if (error.code !== 'EADDRINUSE') throw error
  failAs(
    `start: couldn't bind HTTP server socket, hostname: ${host}, port: ${port}`,
    `ERROR: [Errno 98] error while attempting to bind on address ('${host}', ${port}): address already in use`,
  )
}
const listen = () =>
  new Promise((resolve) => {
    server.once('error', listenFailed)
    server.listen(port, host, resolve)
  })

let loaded = false
let answers = 0
const sendJson = (response, status, body) => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}
const event = (value) => `data: ${typeof value === 'string' ? value : JSON.stringify(value)}\n\n`
const base = (object, user = 'scripted') => ({ id: `chatcmpl-${user}`, object, created: 1_700_000_000, model: served })
const usage = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 }
const TEXT = 'A harbour at dusk, quiet.'
const tokens = TEXT.match(/\S+\s*/g)

async function answer(response, body, chat) {
  answers += 1
  if (options.stall) return
  const crashes = options['crash-after'] !== undefined && answers >= number('crash-after')
  await pause(number('slow-first-token'))
  const tokenMs = options.tps === undefined ? 0 : 1000 / number('tps')
  if (!body.stream) {
    await pause(tokenMs * tokens.length)
    if (crashes) crash()
    const choice = chat
      ? { index: 0, message: { role: 'assistant', content: TEXT }, finish_reason: 'stop' }
      : { index: 0, text: TEXT, finish_reason: 'stop' }
    return sendJson(response, 200, { ...base(chat ? 'chat.completion' : 'text_completion', body.user), choices: [choice], usage })
  }
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const chunk = (text, finish = null, role = undefined) =>
    event({
      ...base(chat ? 'chat.completion.chunk' : 'text_completion', body.user),
      choices: [
        chat
          ? { index: 0, delta: role ? { role, content: text } : { content: text }, finish_reason: finish }
          : { index: 0, text, finish_reason: finish },
      ],
    })
  if (chat) response.write(chunk('', null, 'assistant'))
  for (const [i, word] of tokens.entries()) {
    if (response.destroyed) return
    if (crashes && i === 2) crash()
    if (options['garbage-sse'] && i === 1) response.write('data: {{{ this is not JSON\n\n')
    response.write(chunk(word))
    if (tokenMs > 0) await pause(tokenMs)
  }
  response.write(chunk('', 'stop'))
  if (body.stream_options?.include_usage) response.write(event({ ...base('chat.completion.chunk', body.user), choices: [], usage }))
  response.end(event('[DONE]'))
}

function crash() {
  say(
    'ggml_cuda_error: CUDA error: out of memory',
    'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.50 GiB. GPU 0 has a total capacity of 15.99 GiB',
  )
  process.kill(process.pid, 'SIGABRT')
}

async function readAll(request) {
  const parts = []
  for await (const part of request) parts.push(part)
  return Buffer.concat(parts).toString('utf8')
}

const server = http.createServer(async (request, response) => {
  const path = new URL(request.url, 'http://scripted').pathname
  if (path === '/health')
    return loaded ? sendJson(response, 200, { status: 'ok' }) : sendJson(response, 503, { error: { message: 'Loading model', code: 503 } })
  if (path === '/v1/models') return sendJson(response, 200, { object: 'list', data: [{ id: served, object: 'model', owned_by: 'scripted' }] })
  if (!loaded) return sendJson(response, 503, { error: { message: 'Loading model', code: 503 } })
  if (path === '/__about') return sendJson(response, 200, { pid: process.pid, argv, environment: process.env, cwd: process.cwd() })
  const raw = await readAll(request)
  let body
  try {
    body = JSON.parse(raw)
  } catch {
    return sendJson(response, 400, { error: { message: 'the body is not JSON', type: 'BadRequestError' } })
  }
  if (body.model !== served) return sendJson(response, 404, { error: { message: `The model ${body.model} does not exist.`, type: 'NotFoundError' } })
  if (path === '/v1/chat/completions') return answer(response, body, true)
  if (path === '/v1/completions') return answer(response, body, false)
  if (path === '/v1/embeddings') {
    const inputs = [body.input].flat()
    return sendJson(response, 200, {
      object: 'list',
      model: served,
      data: inputs.map((_, index) => ({ object: 'embedding', index, embedding: [0.1, 0.2, 0.3] })),
      usage,
    })
  }
  return sendJson(response, 404, { error: { message: `no ${path}` } })
})

if (options['early-listen']) await listen()
const STEP_MS = 50
for (let left = number('load-ms'); left > 0; left -= STEP_MS) {
  if (!options['quiet-load']) say(`load_tensors: ${left} ms to go`, `INFO Loading safetensors checkpoint shards: ${left} ms to go`)
  await pause(Math.min(STEP_MS, left))
}
if (options.oom || number('ctx-size', number('max-model-len')) > number('oom-above', Number.POSITIVE_INFINITY)) {
  failAs(
    'ggml_backend_cuda_buffer_type_alloc_buffer: allocating 9000.00 MiB on device 0: cudaMalloc failed: out of memory',
    'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 9.00 GiB. GPU 0 has a total capacity of 15.99 GiB of which 1.20 GiB is free.',
  )
}
loaded = true
if (!options['early-listen']) await listen()
say(
  `main: server is listening on http://${host}:${server.address().port}`,
  `INFO: Uvicorn running on http://${host}:${server.address().port} (Press CTRL+C to quit)`,
)
console.log(JSON.stringify({ port: server.address().port }))
