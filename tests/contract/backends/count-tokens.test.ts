/** A tokenizer that is there must be asked in its own words; one that is not must cost nothing but the estimate. */
import http from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it, onTestFinished } from 'vitest'
import { countTokens } from '../../../src-main/backends/count-tokens.ts'
import { entrySchema } from '../../../src-main/registry/entry.ts'

async function tokenizer(answer: (body: Record<string, unknown>) => unknown): Promise<string> {
  const server = http.createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const known = request.url === '/tokenize'
      response
        .writeHead(known ? 200 : 404)
        .end(JSON.stringify(known ? answer(JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>) : {}))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
}
const entry = (backend: string) => entrySchema.parse({ name: 'm', backend, served_model_id: 'served' })
const { signal } = new AbortController()

it('vLLM: its count, for the id that it serves', async () => {
  const ownAddress = await tokenizer((body) => (body['model'] === 'served' && body['prompt'] === 'a b c' ? { count: 3, tokens: [1, 2, 3] } : {}))
  expect(await countTokens(entry('vllm'), 'a b c', { ownAddress, signal })).toBe(3)
})
it('llama.cpp: the length of its list', async () => {
  const ownAddress = await tokenizer((body) => ({ tokens: String(body['content']).split(' ') }))
  expect(await countTokens(entry('llamacpp'), 'a b c d', { ownAddress, signal })).toBe(4)
})
it('another shape, no server, or a backend without one: null', async () => {
  expect(await countTokens(entry('vllm'), 'a', { ownAddress: await tokenizer(() => ({ count: 'many' })), signal })).toBeNull()
  expect(await countTokens(entry('vllm'), 'a', { ownAddress: 'http://127.0.0.1:9/v1', signal })).toBeNull()
  expect(await countTokens(entry('ollama'), 'a', { ownAddress: null, signal })).toBeNull()
})
