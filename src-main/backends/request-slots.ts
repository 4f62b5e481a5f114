/** How many requests a model answers side by side. Pure. */
import type { BackendName } from '../contract/model.ts'
import { backendOf, type RegistryEntry } from '../registry/entry.ts'
import { findBaseUrls } from './loopback.ts'

/** Flags of the servers we start, under each of their names. */
const SLOT_FLAGS = ['--max-num-seqs', '--parallel', '-np', '--max-batch-size']
/**
 * Where nothing is said. vLLM and LMDeploy batch what comes; llama-server and Ollama share one context among their places and start with
 * one; workers queue by themselves.
 */
const USUAL: Record<BackendName, number> = { vllm: 8, lmdeploy: 8, llamacpp: 1, ollama: 1, embedded: 4, onnx: 1, remote: 8, unassigned: 1 }

export function slotsOf(entry: RegistryEntry): number {
  const given = entry.backend_config.max_concurrent_requests
  if (given) return given * addressCount(entry)
  const args = entry.backend_config.extra_args ?? []
  for (const [at, arg] of args.entries()) {
    const [flag, glued] = arg.split('=', 2)
    const value = SLOT_FLAGS.includes(flag!) ? Number(glued ?? args[at + 1]) : Number.NaN
    if (Number.isInteger(value) && value > 0) return value
  }
  return USUAL[backendOf(entry)]
}

function addressCount(entry: RegistryEntry): number {
  try {
    return Math.max(1, findBaseUrls(entry).length)
  } catch {
    // An address that cannot be read is told when it is used.
    return 1
  }
}
