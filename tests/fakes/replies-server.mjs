// A model server that only tells what it has: answers from a JSON file that is read again for each request.
// {"/api/tags": {…}, "/api/show": {"<model>": {…}}, "/v1/models": {…}}; a path that the file does not hold is a 404.
//   --file FILE   --stall /path   accepts that path and never answers
// Prints {"port":N} when it listens. GET /__seen tells the paths and authorization headers that arrived.
import { readFile } from 'node:fs/promises'
import http from 'node:http'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({ options: { file: { type: 'string' }, stall: { type: 'string' } } })
const seen = []

const server = http.createServer(async (request, response) => {
  const parts = []
  for await (const part of request) parts.push(part)
  const answer = (status, body) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(body))
  }
  if (request.url === '/__seen') return answer(200, seen)
  seen.push({ path: request.url, key: request.headers.authorization ?? null })
  if (request.url === options.stall) return
  const replies = JSON.parse(await readFile(options.file, 'utf8'))
  const reply = replies[request.url]
  if (reply === undefined) return answer(404, { error: 'no such path' })
  if (request.url !== '/api/show') return answer(200, reply)
  const { model } = JSON.parse(Buffer.concat(parts).toString('utf8'))
  return reply[model] === undefined ? answer(404, { error: 'model not found' }) : answer(200, reply[model])
})

process.on('disconnect', () => process.exit(0))
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })))
