/** Tokens of a text by the tokenizer of a server that is there: vLLM and llama.cpp can be asked, others cannot. */
import { z } from 'zod'
import { backendOf, type RegistryEntry, servedIdsOf } from '../registry/entry.ts'
import { readJson, requestUpstream, within } from './http-upstream.ts'
import { findBaseUrl, requireConsent } from './loopback.ts'

const BOUND_MS = 1_000

const vllmReply = z.object({ count: z.int().nonnegative() }).transform(({ count }) => count)
const llamaReply = z.object({ tokens: z.array(z.unknown()) }).transform(({ tokens }) => tokens.length)

/** Never rejects, takes at most a second; null where there is no tokenizer to ask. @param ownAddress Of our own child, with or without `/v1`. */
export async function countTokens(
  entry: RegistryEntry,
  text: string,
  { ownAddress, signal }: { ownAddress: string | null; signal: AbortSignal },
): Promise<number | null> {
  const backend = backendOf(entry)
  if (backend !== 'vllm' && backend !== 'llamacpp') return null
  try {
    const address = ownAddress === null ? findBaseUrl(entry) : new URL(ownAddress)
    if (!address) return null
    // The text goes nowhere that photos may not go.
    if (ownAddress === null) requireConsent(entry, address)
    const body = backend === 'vllm' ? { model: servedIdsOf(entry)[0], prompt: text, add_special_tokens: false } : { content: text }
    const url = new URL('/tokenize', address.origin)
    const reply = await requestUpstream({ method: 'POST', url, body: Buffer.from(JSON.stringify(body)), timeouts: within(BOUND_MS), signal })
    const json = await readJson(reply, address.origin)
    const counted = (backend === 'vllm' ? vllmReply : llamaReply).safeParse(json)
    return reply.status === 200 && counted.success ? counted.data : null
  } catch {
    return null
  }
}
