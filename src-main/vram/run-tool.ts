/** Running a vendor's tool: from an absolute path, without a shell, bounded in time and output. */
import { execFile } from 'node:child_process'
import { access, constants } from 'node:fs/promises'
import path from 'node:path'

const OUTPUT_CAP_BYTES = 1024 * 1024

export type Environment = Readonly<Record<string, string | undefined>>

/** Absolute path of the tool. Relative entries of PATH are passed over, so that a file planted in a photo folder is never run. */
export async function findTool(
  name: string,
  environment: Environment,
  usualPlaces: readonly string[],
  platform: NodeJS.Platform,
): Promise<string | undefined> {
  const fileName = platform === 'win32' ? `${name}.exe` : name
  const folders = (environment['PATH'] ?? environment['Path'] ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder))
  for (const candidate of [...folders.map((folder) => path.join(folder, fileName)), ...usualPlaces]) {
    const found = await access(candidate, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return candidate
  }
  return undefined
}

/** `refused`: it ended by itself, but not well; asking differently may help. `silent`: it hung or could not be run. */
export type ToolAnswer = { output: string } | { failed: 'refused' | 'silent' }

/** Never rejects. */
export function runTool(
  tool: string,
  args: readonly string[],
  options: { timeoutMs: number; signal?: AbortSignal | undefined },
): Promise<ToolAnswer> {
  return new Promise((resolve) => {
    const { timeoutMs, signal } = options
    const settings = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: OUTPUT_CAP_BYTES, windowsHide: true, shell: false, signal } as const
    execFile(tool, [...args], settings, (error, stdout) => {
      if (error) resolve({ failed: typeof error.code === 'number' && !error.killed ? 'refused' : 'silent' })
      else resolve({ output: stdout })
    })
  })
}
