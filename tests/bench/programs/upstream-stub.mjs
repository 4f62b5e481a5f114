/**
 * A model server that costs nothing: answers at once, so that what stands in front of it is what is measured.
 * Prints `{"port": N}`. A request whose body holds `"stream":true` in its first KiB gets 100 events; `"paced":true` 20 events, 10 ms apart,
 * each with the time it was sent.
 */
import http from 'node:http'

const HEAD_BYTES = 1024
const answer = Buffer.from(
  JSON.stringify({
    id: 'chatcmpl-stub',
    object: 'chat.completion',
    created: 1,
    model: 'stub',
    choices: [{ index: 0, message: { role: 'assistant', content: 'A grey cat on a chair.' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 7, total_tokens: 17 },
  }),
)
const models = JSON.stringify({ object: 'list', data: [{ id: 'stub', object: 'model', created: 1, owned_by: 'bench' }] })
const event = (delta, finish = null) =>
  `data: ${JSON.stringify({ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'stub', choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`
const now = () => performance.timeOrigin + performance.now()

function stream(response, count, gapMs) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' })
  let sent = 0
  const next = () => {
    if (sent === count) return response.end(`${event({}, 'stop')}data: [DONE]\n\n`)
    sent += 1
    response.write(event({ content: gapMs > 0 ? `@${now()}@` : 'word ' }))
    if (gapMs > 0) setTimeout(next, gapMs)
    else setImmediate(next)
  }
  next()
}

const server = http.createServer((request, response) => {
  if (request.method === 'GET') return response.writeHead(200, { 'content-type': 'application/json' }).end(models)
  let head = ''
  request.on('data', (part) => {
    if (head.length < HEAD_BYTES) head += part.toString('latin1', 0, HEAD_BYTES)
  })
  request.on('end', () => {
    if (head.includes('"paced":true')) return stream(response, 20, 10)
    if (head.includes('"stream":true')) return stream(response, 100, 0)
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': answer.length }).end(answer)
  })
})
server.keepAliveTimeout = 60_000
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
