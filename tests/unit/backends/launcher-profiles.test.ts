/** Launch profiles as data: the shipped files hold, hostile ones do not, and every failure that a product prints finds its cause. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { type LaunchProfile, launchProfileSchema, parseLaunchProfile } from '../../../src-main/backends/launcher/launch-profile.ts'
import { createLaunchProfiles } from '../../../src-main/backends/launcher/launch-profiles.ts'
import { diagnose, shownLines, startFailure } from '../../../src-main/backends/launcher/start-failure.ts'
import { tempFolder } from '../../helpers/temp-folder.ts'

const configs = fileURLToPath(new URL('../../../configs/', import.meta.url))
const files = readdirSync(path.join(configs, 'backends'))
const read = (file: string) => parseLaunchProfile(readFileSync(path.join(configs, 'backends', file), 'utf8'), file)

describe('the shipped profiles', () => {
  it('are those of the three servers', () => {
    expect(files.sort()).toEqual(['llamacpp.json', 'lmdeploy.json', 'vllm.json'])
  })

  it.each(files)('%s: binds to this machine on our port under our name, and lists nothing twice', (file) => {
    const profile = read(file)
    expect(`${profile.name}.json`).toBe(file)
    const template = profile.arguments.flatMap(({ args }) => args)
    for (const needed of ['{host}', '{port}', '{served_name}', '{model}']) expect(template).toContain(needed)
    const { allowed, user_only: userOnly, refused } = profile.extra_args
    const lists = [allowed, userOnly, refused].map((list) => Object.keys(list))
    expect(new Set(lists.flat()).size).toBe(lists.flat().length)
    // Every flag of the template is either the studio's alone or may be given by the entry, which then replaces ours.
    for (const { args, unless } of profile.arguments) {
      const flag = args.find((arg) => arg.startsWith('-'))
      if (flag === undefined) continue
      expect(flag in refused || (flag in allowed && unless.includes(flag)), `${file} ${flag}`).toBe(true)
      for (const other of unless) expect(other in allowed, `${file} ${other}`).toBe(true)
    }
    for (const flag of ['--host', '--port', '--api-key']) expect(refused).toHaveProperty([flag])
  })

  it('backend_launch.schema.json says what the code really takes (UPDATE_SCHEMAS=1 writes it)', () => {
    const { $schema, ...rest } = z.toJSONSchema(launchProfileSchema, { io: 'input', unrepresentable: 'any' })
    const schema = { $schema, title: 'Launch profile of a model server', ...rest }
    const file = path.join(configs, 'schemas', 'backend_launch.schema.json')
    if (process.env['UPDATE_SCHEMAS'] === '1') writeFileSync(file, `${JSON.stringify(schema, null, 2)}\n`)
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(schema)
  })
})

describe('a profile that is not data', () => {
  const good = JSON.parse(readFileSync(path.join(configs, 'backends', 'vllm.json'), 'utf8')) as LaunchProfile
  it.each<[string, (profile: Record<string, unknown>) => void, string]>([
    ['a program by its path', (it) => (it['executables'] = ['/bin/sh']), 'executables.0'],
    ['a program beside us', (it) => (it['executables'] = ['../sh']), 'executables.0'],
    ['a loader variable to set', (it) => (it['environment'] = { pass: [], set: { LD_PRELOAD: 'x' } }), 'environment.set.LD_PRELOAD'],
    ['a loader variable to pass', (it) => (it['environment'] = { pass: ['PYTHONPATH'], set: {} }), 'environment.pass.0'],
    ['an unknown placeholder', (it) => (it['arguments'] = [{ args: ['{home}'] }]), 'arguments.0.args.0'],
    ['a key that nobody knows', (it) => (it['shell'] = true), 'the file'],
    ['a broken pattern', (it) => (it['causes'] = [{ pattern: '(((', cause: 'bad-flag', remedy: 'x' }]), 'causes.0.pattern'],
    ['a backend that is not launched', (it) => (it['backend'] = 'remote'), 'backend'],
  ])('%s is refused, naming the field', (_, spoil, field) => {
    const profile = structuredClone(good) as unknown as Record<string, unknown>
    spoil(profile)
    expect(() => parseLaunchProfile(JSON.stringify(profile), 'x.json')).toThrow(`x.json: ${field}:`)
  })
})

describe('the files on disk', () => {
  it('a profile is found by its plain name alone, and must be the one that its file says', async () => {
    const dataFolder = tempFolder()
    const shipped = createLaunchProfiles({ configsFolder: configs, dataFolder })
    expect((await shipped.find('vllm'))?.backend).toBe('vllm')
    expect(await shipped.find('../backends/vllm')).toBeUndefined()
    expect(await shipped.find('none')).toBeUndefined()
    const folder = path.join(dataFolder, 'configs')
    mkdirSync(path.join(folder, 'backends'), { recursive: true })
    writeFileSync(path.join(folder, 'backends', 'other.json'), readFileSync(path.join(configs, 'backends', 'vllm.json')))
    await expect(createLaunchProfiles({ configsFolder: folder, dataFolder }).find('other')).rejects.toMatchObject({ code: 'registry-invalid' })
  })

  it('the person names a program by its whole path, or not at all', async () => {
    const dataFolder = tempFolder()
    const profiles = createLaunchProfiles({ configsFolder: configs, dataFolder })
    expect(await profiles.chosenExecutable('vllm')).toBeUndefined()
    const write = (executable: string) =>
      writeFileSync(path.join(dataFolder, 'backend_launch.user.json'), JSON.stringify({ schema_version: 1, executables: { vllm: executable } }))
    const program = path.resolve('/opt/vllm/bin/vllm')
    write(program)
    expect(await profiles.chosenExecutable('vllm')).toBe(program)
    write('vllm; rm -rf x')
    await expect(profiles.chosenExecutable('vllm')).rejects.toMatchObject({ code: 'registry-invalid' })
  })
})

describe('the cause by the log', () => {
  // Lines as the products print them.
  it.each<[string, string, string]>([
    ['vllm', 'out-of-memory', 'torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 1.12 GiB. GPU 0 has a total capacity of 15.99 GiB'],
    [
      'vllm',
      'out-of-memory',
      'ValueError: No available memory for the cache blocks. Try increasing `gpu_memory_utilization` when initializing the engine.',
    ],
    [
      'vllm',
      'out-of-memory',
      'ValueError: Free memory on device (3.2/15.99 GiB) on startup is less than desired GPU memory utilization (0.9, 14.39 GiB). Decrease GPU memory utilization',
    ],
    [
      'vllm',
      'context-does-not-fit',
      "ValueError: To serve at least one request with the models's max seq len (32768), (4.50 GiB KV cache is needed, which is larger than the available KV cache memory (1.99 GiB).",
    ],
    ['vllm', 'bad-flag', 'vllm: error: unrecognized arguments: --no-such-flag'],
    ['vllm', 'bad-flag', "api_server.py: error: argument --kv-cache-dtype: invalid choice: 'fp7' (choose from 'auto', 'fp8')"],
    [
      'vllm',
      'weights-missing',
      "OSError: /models/x does not appear to have a file named config.json. Checkout 'https://huggingface.co//models/x/tree/main'",
    ],
    [
      'vllm',
      'weights-missing',
      'huggingface_hub.errors.LocalEntryNotFoundError: Cannot find an appropriate cached snapshot folder for the specified revision',
    ],
    ['vllm', 'port-in-use', "OSError: [Errno 98] error while attempting to bind on address ('127.0.0.1', 24001): address already in use"],
    ['vllm', 'no-gpu-driver', 'RuntimeError: Failed to infer device type, please set the environment variable `VLLM_LOGGING_LEVEL=DEBUG`'],
    ['vllm', 'no-gpu-driver', 'RuntimeError: The NVIDIA driver on your system is too old (found version 11040).'],
    [
      'vllm',
      'unsupported-architecture',
      "ValueError: Model architectures ['FooForCausalLM'] are not supported for now. Supported architectures: dict_keys(['AquilaModel'])",
    ],
    [
      'vllm',
      'unsupported-architecture',
      'ValueError: The checkpoint you are trying to load has model type `foo` but Transformers does not recognize this architecture.',
    ],
    [
      'llamacpp',
      'out-of-memory',
      'ggml_backend_cuda_buffer_type_alloc_buffer: allocating 14195.00 MiB on device 0: cudaMalloc failed: out of memory',
    ],
    ['llamacpp', 'context-does-not-fit', 'llama_init_from_model: failed to initialize the context: failed to allocate buffer for kv cache'],
    ['llamacpp', 'bad-flag', 'error: invalid argument: --no-such-flag'],
    ['llamacpp', 'weights-missing', "gguf_init_from_file: failed to open GGUF file '/m/x.gguf'"],
    [
      'llamacpp',
      'weights-missing',
      "llama_model_load: error loading model: tensor 'blk.0.ffn_up.weight' data is not within the file bounds, model is corrupted or incomplete",
    ],
    ['llamacpp', 'port-in-use', "start: couldn't bind HTTP server socket, hostname: 127.0.0.1, port: 8080"],
    [
      'llamacpp',
      'unsupported-architecture',
      "llama_model_load: error loading model: error loading model architecture: unknown model architecture: 'foo'",
    ],
    ['llamacpp', 'no-gpu-driver', 'ggml_cuda_init: failed to initialize CUDA: no CUDA-capable device is detected'],
    ['lmdeploy', 'out-of-memory', 'RuntimeError: [TM][ERROR] CUDA runtime error: out of memory /lmdeploy/src/turbomind/utils/allocator.h:231'],
    ['lmdeploy', 'bad-flag', 'lmdeploy: error: unrecognized arguments: --x'],
    ['lmdeploy', 'port-in-use', "ERROR:    [Errno 98] error while attempting to bind on address ('127.0.0.1', 23333): address already in use"],
  ])('%s: %s', (profile, cause, line) => {
    const found = diagnose(
      read(`${profile}.json`),
      `INFO loading\n${line}\nTraceback (most recent call last):\n`,
      { code: 1, signal: null },
      '/logs/a.log',
    )
    expect(found.cause).toBe(cause)
    expect(found.remedy).toMatch(/\.$/)
  })

  it('is the exit where the log says nothing', () => {
    const profile = read('vllm.json')
    expect(diagnose(profile, '', { code: null, signal: 'SIGKILL' }, '/logs/a.log').cause).toBe('killed')
    expect(diagnose(profile, 'INFO all is well', { code: 1, signal: null }, '/logs/a.log').cause).toBe('crashed')
    expect(diagnose(profile, '', { code: null, signal: null, errno: 'ENOENT' }, '/logs/a.log')).toEqual({
      cause: 'executable-missing',
      remedy: profile.install_hint,
    })
    expect(diagnose(profile, '', { code: null, signal: null, errno: 'EACCES' }, '/logs/a.log').cause).toBe('not-permitted')
  })
})

describe('the end of a log as it is shown', () => {
  it.each([
    ['Authorization: Bearer abcdef0123456789', 'abcdef0123456789'],
    ['api_key=sk-verysecret1234', 'verysecret1234'],
    ['{"Authorization": "Basic dXNlcjpwYXNz"}', 'dXNlcjpwYXNz'],
    ['sent bearer abcdef0123456789', 'abcdef0123456789'],
    ['token: abcdef0123456789', 'abcdef0123456789'],
    ['using hf_abcdefghijklmnop', 'abcdefghijklmnop'],
    ['GET https://me:secret@example.org/x', 'secret'],
    ['image data:image/jpeg;base64,/9j/4AAQSkZJRg==', '4AAQSkZJRg'],
  ])('holds no secret and no picture: %s', (line, secret) => {
    expect(shownLines(line).join('\n')).not.toContain(secret)
  })

  it('holds twenty plain lines at most', () => {
    const colour = '\u001b[31mred\u001b[0m'
    expect(shownLines(`${'x\n'.repeat(50)}${colour}\r\n`)).toHaveLength(20)
    expect(shownLines(colour)).toEqual(['red'])
    expect(shownLines('y'.repeat(5000))[0]!.length).toBeLessThan(500)
  })

  it('keeps words that only sound like a secret', () => {
    const line = 'ValueError: max tokens: 8192 is larger than 4096'
    expect(shownLines(line)).toEqual([line])
  })

  it('travels in the error with cause and remedy', () => {
    const error = startFailure({
      name: 'm',
      what: 'ended while it was starting',
      diagnosis: { cause: 'out-of-memory', remedy: 'Do this.' },
      tail: 'a\nb\n',
      exit: { code: 1, signal: null },
    })
    expect(error).toMatchObject({
      code: 'backend-start-failed',
      retry: 'later',
      data: { name: 'm', cause: 'out-of-memory', remedy: 'Do this.', logTail: ['a', 'b'], exitCode: 1 },
    })
  })
})
