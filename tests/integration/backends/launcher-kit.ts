/** The real runner over real processes: the shipped launch profiles, with the scripted server in place of the product. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import type { LaunchProfile } from '../../../src-main/backends/launcher/launch-profile.ts'
import { createLaunchProfiles } from '../../../src-main/backends/launcher/launch-profiles.ts'
import { createProcessRunner, type ChildRunner, type ProcessRunnerOptions } from '../../../src-main/backends/launcher/process-runner.ts'
import { systemClock } from '../../../src-main/lib/clock.ts'
import { silentLogger } from '../../../src-main/lib/logger.ts'
import { StudioError } from '../../../src-main/lib/studio-error.ts'
import { entrySchema, type RegistryEntry } from '../../../src-main/registry/entry.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const scripted = fileURLToPath(new URL('../../fakes/scripted-backend.mjs', import.meta.url))
const shipped = fileURLToPath(new URL('../../../configs/backends/', import.meta.url))

const SCRIPTED_FLAGS = {
  '--oom': 'none',
  '--bad-flag': 'none',
  '--missing-weights': 'none',
  '--no-gpu': 'none',
  '--bad-architecture': 'none',
  '--wrong-model': 'none',
  '--ignore-sigterm': 'none',
  '--spawn-grandchild': 'none',
  '--quiet-load': 'none',
  '--early-listen': 'none',
  '--garbage-sse': 'none',
  '--stall': 'none',
  '--load-ms': 'one',
  '--exit-code': 'one',
  '--crash-after': 'one',
  '--slow-first-token': 'one',
  '--tps': 'one',
} as const

export interface Stage {
  configsFolder: string
  dataFolder: string
  weightsFolder: string
}

/** @param stopGraceMs Of every profile. */
export function makeStage(stopGraceMs = 500): Stage {
  const root = tempFolder()
  const stage = { configsFolder: path.join(root, 'configs'), dataFolder: path.join(root, 'data'), weightsFolder: path.join(root, 'weights') }
  for (const folder of [path.join(stage.configsFolder, 'backends'), stage.dataFolder, stage.weightsFolder]) mkdirSync(folder, { recursive: true })
  for (const name of ['vllm', 'llamacpp', 'lmdeploy']) {
    const profile = JSON.parse(readFileSync(path.join(shipped, `${name}.json`), 'utf8')) as LaunchProfile
    profile.arguments.unshift({ args: [scripted], unless: [] })
    Object.assign(profile.extra_args.allowed, SCRIPTED_FLAGS)
    profile.stop_grace_ms = stopGraceMs
    writeFileSync(path.join(stage.configsFolder, 'backends', `${name}.json`), JSON.stringify(profile))
  }
  const executables = Object.fromEntries(['vllm', 'llamacpp', 'lmdeploy'].map((name) => [name, process.execPath]))
  writeFileSync(path.join(stage.dataFolder, 'backend_launch.user.json'), JSON.stringify({ schema_version: 1, executables }))
  writeFileSync(path.join(stage.weightsFolder, 'config.json'), '{}')
  writeFileSync(path.join(stage.weightsFolder, 'model.gguf'), 'GGUF')
  return stage
}

export function scriptedEntry(stage: Stage, name: string, extraArgs: string[] = [], more: Record<string, unknown> = {}): RegistryEntry {
  const backend = more['backend'] ?? 'vllm'
  const modelPath = backend === 'llamacpp' ? path.join(stage.weightsFolder, 'model.gguf') : stage.weightsFolder
  return entrySchema.parse({ name, backend, backend_config: { model_path: modelPath, extra_args: extraArgs }, ...more })
}

export function makeRunner(stage: Stage, more: Partial<ProcessRunnerOptions> = {}): ChildRunner {
  const runner = createProcessRunner({
    dataFolder: stage.dataFolder,
    launchProfiles: createLaunchProfiles(stage),
    environment: { PATH: process.env['PATH'], HOME: stage.dataFolder },
    clock: systemClock,
    logger: silentLogger,
    findEntry: async (name) => scriptedEntry(stage, name),
    ...more,
  })
  onTestFinished(() => runner.dispose())
  return runner
}

export const ON_PROCESSOR = { gpus: [], claimMb: [] }
export const startOptions = (timeoutMs = 20_000) => ({ timeoutMs, signal: new AbortController().signal })

/** What it rejects with, which has to be a StudioError. */
export async function failureOf(work: Promise<unknown>): Promise<StudioError> {
  try {
    await work
  } catch (error) {
    if (error instanceof StudioError) return error
    throw error
  }
  throw new Error('it did not fail')
}

export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    // Ended children of a studio that was killed may wait for long to be counted by the system.
    return process.platform !== 'linux' || !/^\d+ \(.*\) [ZX] /s.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
  } catch {
    return false
  }
}

/** Looks again and again, at most `boundMs`. */
export async function until(what: string, look: () => boolean | Promise<boolean>, boundMs = 10_000): Promise<void> {
  for (const end = performance.now() + boundMs; performance.now() < end; ) {
    if (await look()) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  throw new Error(`${what}: not within ${boundMs} ms`)
}
