import { Command } from 'commander'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, describe, expect, it, vi } from 'vitest'
import type { CommandContext } from '../../../src-main/commands/context.ts'
import { addVram } from '../../../src-main/commands/vram.ts'
import type { Studio } from '../../../src-main/lib/studio.ts'
import { sampleCard } from './entry-samples.ts'
import { createVramAnswers } from '../../../src-main/vram/answers.ts'
import { memoryFigures } from '../../../src-main/vram/memory-figures.ts'
import { needOf } from '../../../src-main/vram/need-of.ts'
import { vramEntryOf } from '../../../src-main/vram/vram-entry.ts'
import { memoryLines } from '../../../src-renderer/copy/en/memory.ts'

const memoryOf = (record: object) => {
  const entry = vramEntryOf(record as Record<string, unknown>)
  return memoryFigures(entry, needOf(entry, []))
}

const shipped = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../../configs/model_registry.curated.json'), 'utf8')) as {
  name: string
}[]

afterEach(() => void vi.restoreAllMocks())

/** What the words print, and how they end. The studio is opened only when an entry is named. */
async function run(words: string, more: { entry?: object } = {}) {
  const printed: string[] = []
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => (printed.push(String(text)), true))
  let exitCode = -1
  let opened = 0
  const context = {
    openStudio: () => {
      opened++
      if (!more.entry) throw new Error('the studio must not be opened')
      return Promise.resolve({
        handlers: {
          'models.show': () => Promise.resolve({ entry: more.entry, memory: memoryOf(more.entry ?? {}) }),
          'app.info': () => ({ notices: [] }),
        },
        stop: () => Promise.resolve(),
      } as unknown as Studio)
    },
    runningStudio: async () => undefined,
    setExitCode: (code: number) => (exitCode = code),
    vram: createVramAnswers({
      readCards: () => Promise.resolve({ cards: [sampleCard({ totalMb: 81_559, computeCapability: '9.0' })], processes: null, skipped: [] }),
      gauge: () => Promise.resolve({ cards: [], note: 'There is no graphics card here.', takenAtMs: 1 }),
    }),
  }
  const program = new Command().exitOverride()
  addVram(program, context as unknown as CommandContext & { vram: typeof context.vram })
  await program.parseAsync(['node', 'imageworks', 'vram', ...words.split(' ')])
  return { text: printed.join(''), json: () => JSON.parse(printed.join('')) as Record<string, unknown>, exitCode, opened }
}

const BARE = '--params-billion 8 --quant fp8 --layers 36 --kv-heads 8 --head-dim 128 --kv-dtype fp8 --batch 1'

describe('imageworks vram', () => {
  it('estimate from bare figures, without a data folder', async () => {
    const { json, exitCode, opened } = await run(`estimate ${BARE} --context-k 8 --overhead-profile ada_16gb --json`)
    expect(json()).toEqual({ weights_gib: 7.4506, kv_gib: 0.5625, overhead_gib: 1.6, vision_gib: 0.5, frag_factor: 1.12, total_gib: 11.3267 })
    expect([exitCode, opened]).toEqual([0, 0])
  })
  it('what is said goes before the profile', async () => {
    const { json } = await run(`estimate ${BARE} --context-k 8 --overhead 0 --vision 0 --frag 1 --json`)
    expect(json()).toMatchObject({ overhead_gib: 0, total_gib: 8.0131 })
  })
  it('the profile that suits the cards of this machine', async () => {
    expect((await run(`estimate ${BARE} --context-k 8 --overhead-profile auto --json`)).json()).toMatchObject({ frag_factor: 1.08 })
  })
  it('max-context fits or does not, and says which', async () => {
    expect((await run(`max-context ${BARE} --total-vram-gib 16 --max-context-k 256 --json`)).json()).toMatchObject({
      fits: true,
      limited_by: 'memory',
    })
    expect((await run(`max-context ${BARE} --total-vram-gib 5 --json`)).json()).toMatchObject({ context_tokens: 0, fits: false })
    expect((await run(`max-context ${BARE} --total-vram-gib 5`)).text).toContain('does not fit')
  })
  it('max-context that does not fit is a failure to a script, from bare figures and for a model; one that fits is none', async () => {
    const entry = shipped.find(({ name }) => name === 'qwen3-vl-8b-instruct_(FP8)')!
    const codes = async (gib: number) => [
      (await run(`max-context ${BARE} --total-vram-gib ${gib} --json`)).exitCode,
      (await run(`max-context ${entry.name} --total-vram-gib ${gib} --json`, { entry })).exitCode,
    ]
    expect(await codes(5)).toEqual([1, 1])
    expect(await codes(24)).toEqual([0, 0])
  })
  it("shows the model list's figure beside the estimate, which one counts and why, and the reservation apart", async () => {
    const entry = shipped.find(({ name }) => name === 'qwen3-vl-8b-instruct_(FP8)')!
    const { json } = await run(`estimate ${entry.name} --total-vram-gib 16 --json`, { entry })
    expect(json()).toMatchObject({ need_mb: 13_671, claim_mb: 14_746, registry_mb: 10_600, used_mb: 10_600, used_source: 'registry' })
    const { text } = await run(`estimate ${entry.name} --total-vram-gib 16`, { entry })
    for (const word of ['Planned with: 10600 MB', 'Model list: 10600 MB', 'estimate: 13671 MB', 'takes 14746 MB', '90 %'])
      expect(text).toContain(word)
  })
  it('says which figure counts whatever there is', () => {
    const lines = (memory: Partial<Parameters<typeof memoryLines>[0]>) =>
      memoryLines({ usedMb: 9000, source: 'measured', registryMb: 8000, estimatedMb: 8500, reservedShare: null, ...memory }).join('\n')
    expect(lines({})).toMatch(/9000 MB \(measured/)
    expect(lines({ source: 'estimated', registryMb: null, usedMb: 8500 })).toMatch(/8500 MB \(the estimate.*no figure/s)
    expect(lines({ usedMb: null, source: 'none', registryMb: null, estimatedMb: null })).toBe('Planned with: nothing, its memory is not known')
    expect(lines({ usedMb: 0, source: 'none' })).toContain('no graphics memory')
  })
  it.each([
    ['estimate --params-billion 8 --quant fp8 --context-k 8', '--layers'],
    [`estimate ${BARE}`, '--context-k'],
    [`estimate ${BARE} --context-k 8 --quant q5_zz`, 'q4_k_m'],
    [`estimate ${BARE} --context-k 8 --overhead-profile huge`, 'studio_dual'],
  ])('%s is refused, naming %s', async (words, named) => {
    await expect(run(words)).rejects.toMatchObject({ code: 'invalid-request', message: expect.stringContaining(named) as string })
  })
  it.each(['--context-k eight', '--context-k 0', '--layers 3.5', '--batch 0', '--total-vram-gib -1', '--overhead -0.5', '--params-billion 1e999'])(
    '%s is no number for it: wrong usage, and nothing is printed',
    async (words) => {
      vi.spyOn(process.stderr, 'write').mockReturnValue(true)
      await expect(run(`estimate ${BARE} --context-k 8 ${words}`)).rejects.toMatchObject({ code: 'commander.invalidArgument' })
    },
  )
  it('a model that nobody knows enough of says what is missing, and fails', async () => {
    const { json, exitCode } = await run('estimate strange --json', { entry: { name: 'strange', backend: 'ollama' } })
    expect(json()).toMatchObject({ model: 'strange', missing: [{ figure: 'weights' }, { figure: 'layers' }, { figure: 'contextTokens' }] })
    expect(exitCode).toBe(1)
  })
  it('profiles and gauge', async () => {
    expect((await run('profiles --json')).text.trim().split('\n')).toHaveLength(4)
    expect((await run('gauge --json')).json()).toEqual({ cards: [], note: 'There is no graphics card here.', takenAtMs: 1 })
    expect((await run('gauge')).text).toBe('There is no graphics card here.\n')
  })
})

describe('every shipped model', () => {
  const local = shipped.filter(({ name }) => name !== 'embedded-basic-facts')
  it.each(local.map((entry) => [entry.name, entry] as const))('%s has an estimate near its stated need', async (name, entry) => {
    const { json, exitCode } = await run(`estimate ${name} --context-k 6 --total-vram-gib 16 --json`, { entry })
    const found = json() as { need_mb: number; total_gib: number; weights_gib: number; kv_gib: number; overhead_gib: number; vision_gib: number }
    expect(exitCode).toBe(0)
    expect(found.weights_gib + found.kv_gib + found.overhead_gib + found.vision_gib).toBeCloseTo(found.total_gib, 2)
    const stated = (entry as unknown as { vram_estimate_mb: number }).vram_estimate_mb
    expect({ name, ratio: found.need_mb / stated }).toSatisfy(({ ratio }: { ratio: number }) => ratio > 0.6 && ratio < 1.5)
  })
})
