/** Starts that fail: each with its cause and what to do, at once; hostile entries never reach a command line. */
import { rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { alive, failureOf, makeRunner, makeStage, ON_PROCESSOR, scriptedEntry, startOptions } from './launcher-kit.ts'

const CASES: [flags: string[], cause: string, remedy: RegExp, line: RegExp][] = [
  [['--oom'], 'out-of-memory', /Unload other models/, /out of memory/],
  [['--bad-flag'], 'bad-flag', /extra_args/, /--bad-flag/],
  [['--missing-weights'], 'weights-missing', /weights again|GGUF file again/, /config\.json|No such file/],
  [['--no-gpu'], 'no-gpu-driver', /driver/, /CUDA/],
  [['--bad-architecture'], 'unsupported-architecture', /Update/, /Newest|newest/],
  [['--exit-code', '3'], 'crashed', /log/, /^$/],
  [['--wrong-model'], 'wrong-model', /another model/, /Uvicorn|listening/],
]

describe.each(['vllm', 'llamacpp'])('%s', (backend) => {
  it.each(CASES)('%j', async (flags, cause, remedy, line) => {
    const stage = makeStage()
    const runner = makeRunner(stage)
    const from = performance.now()
    const error = await failureOf(runner.start(scriptedEntry(stage, 'model-a', flags, { backend }), ON_PROCESSOR, startOptions(120_000)))
    // A start of Node is a good part of it; the timeout is two minutes.
    expect(performance.now() - from).toBeLessThan(4000)
    expect(error).toMatchObject({ code: 'backend-start-failed', data: { name: 'model-a', cause } })
    expect(error.data['remedy']).toMatch(remedy)
    expect((error.data['logTail'] as string[]).join('\n')).toMatch(line)
    expect(runner.view()[0]).toMatchObject({ state: 'failed', pid: null, problem: { code: 'backend-start-failed' } })
    expect(runner.baseUrlOf('model-a')).toBeNull()
  })
})

it('sees the end of a child in under a second', async () => {
  const stage = makeStage()
  const runner = makeRunner(stage)
  const starting = failureOf(runner.start(scriptedEntry(stage, 'model-a', ['--load-ms', '60000']), ON_PROCESSOR, startOptions(120_000)))
  let pid: number | null | undefined
  while (!pid) {
    pid = runner.view()[0]?.pid
    await new Promise((resolve) => setImmediate(resolve))
  }
  const from = performance.now()
  process.kill(pid, 'SIGKILL')
  expect((await starting).data['cause']).toBe('killed')
  expect(performance.now() - from).toBeLessThan(1000)
  expect(alive(pid)).toBe(false)
})

it('holds a model that fails again and again back, and says for how long', async () => {
  const stage = makeStage()
  const runner = makeRunner(stage)
  const start = () => failureOf(runner.start(scriptedEntry(stage, 'model-a', ['--exit-code', '1']), ON_PROCESSOR, startOptions()))
  expect((await start()).data['retryAfterSeconds']).toBeUndefined()
  expect((await start()).data['retryAfterSeconds']).toBeUndefined()
  const held = await start()
  expect(held.data).toMatchObject({ cause: 'crashed', retryAfterSeconds: 5 })
})

describe('what is missing', () => {
  it('is told before anything is started: the program, its weights, its profile', async () => {
    const stage = makeStage()
    const runner = makeRunner(stage)
    const entry = scriptedEntry(stage, 'model-a')
    expect(await runner.canServe(entry)).toEqual({ ok: true })

    const elsewhere = scriptedEntry(stage, 'model-b', [], { backend_config: { model_path: path.join(stage.weightsFolder, 'none') } })
    expect(await runner.canServe(elsewhere)).toMatchObject({ ok: false, code: 'weights-missing' })
    const hub = scriptedEntry(stage, 'model-c', [], { backend_config: {}, source: { huggingface_id: 'Some/Model' } })
    expect(await runner.canServe(hub)).toMatchObject({ ok: false, reason: expect.stringContaining('hf download Some/Model') })
    const wrongProfile = scriptedEntry(stage, 'model-d', [], { backend_config: { model_path: stage.weightsFolder, launch_profile: 'llamacpp' } })
    expect(await runner.canServe(wrongProfile)).toMatchObject({ ok: false, reason: expect.stringContaining('not for vllm') })

    rmSync(path.join(stage.dataFolder, 'backend_launch.user.json'))
    const bare = makeRunner(stage, { environment: { PATH: `.${path.delimiter}photos`, HOME: stage.dataFolder } })
    expect(await bare.canServe(entry)).toMatchObject({ ok: false, reason: expect.stringContaining('Install vLLM') })
    writeFileSync(path.join(stage.dataFolder, 'backend_launch.user.json'), '{"schema_version":1,"executables":{"vllm":"bin/vllm"}}')
    expect(await bare.canServe(entry)).toMatchObject({ ok: false, code: 'registry-invalid' })
    expect(await makeRunner(stage, { platform: 'win32' }).canServe(entry)).toMatchObject({ ok: false, reason: expect.stringContaining('WSL2') })
    const failed = await failureOf(bare.start(elsewhere, ON_PROCESSOR, startOptions()))
    expect(failed.code).toBe('registry-invalid')
  })
})

describe('hostile entries', () => {
  it.each(['../../x', '-flag', 'a;rm -rf x', '$(touch x)', 'a/b', 'a\0b', '..', '%APPDATA%', 'a\nb'])('no model is called %j', async (name) => {
    const stage = makeStage()
    const runner = makeRunner(stage)
    const entry = { ...scriptedEntry(stage, 'model-a'), name }
    await expect(runner.start(entry, ON_PROCESSOR, startOptions())).rejects.toMatchObject({ code: 'registry-invalid' })
    expect(await runner.canServe(entry)).toMatchObject({ ok: false })
    expect(runner.view()).toEqual([])
  })

  it.each([
    ['--host', '0.0.0.0'],
    ['--host=0.0.0.0'],
    ['--port', '80'],
    ['--api-key', 'x'],
    ['--served-model-name', 'other'],
    ['--served_model_name', 'other'],
    ['--trust-remote-code'],
    ['--trust_remote_code'],
    ['--trust-remote'],
    ['--hos', '0.0.0.0'],
    ['--config', '/tmp/x.yaml'],
    ['--middleware', 'evil.module'],
    ['--allowed-local-media-path', '/'],
    ['; rm -rf x'],
    ['--max-model-len', '--host'],
    ['--max-model-len'],
    ['--enforce-eager=1'],
    ['--seed', '1', '0.0.0.0'],
    ['--dtype', 'half\u0000'],
    ['--seed', '1', '--seed', '2'],
    ['__proto__'],
    ['--constructor', '1'],
  ])('the extra arguments %j %s are refused', async (...extraArgs) => {
    const stage = makeStage()
    const runner = makeRunner(stage)
    const error = await failureOf(runner.start(scriptedEntry(stage, 'model-a', extraArgs), ON_PROCESSOR, startOptions()))
    expect(error).toMatchObject({ code: 'backend-start-failed', data: { cause: 'argument-refused' } })
    expect(runner.view()[0]).toMatchObject({ state: 'failed', pid: null })
  })

  it('an entry names no program, no folder and no environment', async () => {
    const stage = makeStage()
    const runner = makeRunner(stage)
    const entry = scriptedEntry(stage, 'model-a', [], {
      served_model_id: '--host',
      backend_config: {
        model_path: stage.weightsFolder,
        host: '0.0.0.0',
        port: 1,
        command: ['/bin/sh', '-c', 'x'],
        executable: '/bin/sh',
        env: { LD_PRELOAD: '/tmp/x.so' },
      },
    })
    await runner.start(entry, ON_PROCESSOR, startOptions())
    const { argv, environment } = (await (await fetch(new URL('/__about', runner.baseUrlOf('model-a')!))).json()) as {
      argv: string[]
      environment: Record<string, string>
    }
    expect(argv.slice(0, 4)).toEqual(['serve', stage.weightsFolder, '--host', '127.0.0.1'])
    expect(argv[argv.indexOf('--served-model-name') + 1]).toBe('model-a')
    expect(environment['LD_PRELOAD']).toBeUndefined()
  })

  it('weights are a whole path, never a flag or a name relative to some folder', async () => {
    const stage = makeStage()
    const runner = makeRunner(stage)
    for (const modelPath of ['weights', '--host', './x', '../x']) {
      const entry = scriptedEntry(stage, 'model-a', [], { backend_config: { model_path: modelPath } })
      expect(await runner.canServe(entry)).toMatchObject({ ok: false, code: 'weights-missing' })
    }
    const hub = scriptedEntry(stage, 'model-a', [], { backend_config: {}, source: { huggingface_id: '../../etc/passwd' } })
    expect(await runner.canServe(hub)).toMatchObject({ ok: false, code: 'weights-missing' })
  })

  it('the flag that runs code from the weights counts when the person gave it', async () => {
    const stage = makeStage()
    const entry = scriptedEntry(stage, 'model-a', ['--trust-remote-code'])
    const runner = makeRunner(stage, { userExtraArgs: () => ['--trust-remote-code'] })
    await runner.start(entry, ON_PROCESSOR, startOptions())
    expect(runner.view()[0]!.state).toBe('ready')
  })
})
