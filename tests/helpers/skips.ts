import { appendFileSync } from 'node:fs'

/** Says loudly that something could not be tested here; the test command repeats it at its end. */
export function noteSkip(what: string, why: string): void {
  const line = `${what}: ${why}`
  console.warn(`SKIPPED ${line}`)
  const file = process.env['IMAGEWORKS_SKIPS_FILE']
  if (file) appendFileSync(file, `${line}\n`)
}
