/**
 * How long the next photo takes in review, and whether a key is answered within a frame: browser host, real core, real photos, Chromium.
 * Each move is measured inside the page, from the key press to the frame that holds the decoded picture.
 */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { chromium } from 'playwright-core'
import { CHROMIUM_ARGS, findChromium } from '../helpers/chromium.mjs'

const MOVES = 30
const GOAL_P95_MS = 50
const READER_PAUSE_MS = 400
const root = path.resolve(import.meta.dirname, '../..')
const fixtures = path.join(root, 'tests/fixtures/photos')
const home = mkdtempSync(path.join(os.tmpdir(), 'imageworks-bench-'))
const photos = path.join(home, 'photos')
mkdirSync(photos)
const sources = readdirSync(fixtures).filter((name) => name.endsWith('.jpg'))
for (let at = 0; at <= MOVES; at += 1)
  cpSync(path.join(fixtures, sources[at % sources.length]), path.join(photos, `${String(at).padStart(3, '0')}.jpg`))

const child = spawn(process.execPath, [path.join(root, 'out/main/serve.js'), photos, '--no-open'], {
  env: { ...process.env, IMAGEWORKS_HOME: path.join(home, 'data'), OLLAMA_HOST: '127.0.0.1:9' },
  stdio: ['ignore', 'pipe', 'inherit'],
})
const url = await new Promise((resolve, reject) => {
  let printed = ''
  child.stdout.on('data', (data) => {
    printed += data
    const found = /http:\/\/127\.0\.0\.1:\d+\/#token=\S+/.exec(printed)?.[0]
    if (found) resolve(found)
  })
  child.once('exit', (code) => reject(new Error(`serve ended with ${code}`)))
})
const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_ARGS })

/** In the page: milliseconds from the key to the frame after the next photo's picture is there. */
const nextPhoto = `(() => {
  const before = document.querySelector('[data-testid=review-photo]').dataset.photoId
  const startedMs = performance.now()
  window.dispatchEvent(new KeyboardEvent('keydown', { key: 's', cancelable: true }))
  return new Promise((resolve) => {
    const look = () => {
      const stage = document.querySelector('[data-testid=review-photo]')
      const picture = stage?.querySelector('img')
      if (stage?.dataset.photoId !== before && picture?.complete && picture.naturalWidth > 0) resolve(performance.now() - startedMs)
      else requestAnimationFrame(look)
    }
    requestAnimationFrame(look)
  })
})()`

try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
  await page.goto(url)
  await page.locator(`[data-testid=grid-cell][data-photo-id] >> nth=${Math.min(MOVES, 8)}`).waitFor({ timeout: 120_000 })
  await page.getByTestId('grid').focus()
  await page.keyboard.press('Enter')
  await page.locator('[data-testid=review-photo] img').waitFor({ timeout: 60_000 })
  const tookMs = []
  for (let at = 0; at < MOVES - 1; at += 1) {
    // A reader looks at each photo; meanwhile the next one is fetched.
    await page.waitForTimeout(READER_PAUSE_MS)
    tookMs.push(await page.evaluate(nextPhoto))
  }
  tookMs.sort((a, b) => a - b)
  const at = (share) => Math.round(tookMs[Math.min(tookMs.length - 1, Math.floor(tookMs.length * share))] * 10) / 10
  const result = { moves: tookMs.length, p50Ms: at(0.5), p95Ms: at(0.95), maxMs: at(1), goalP95Ms: GOAL_P95_MS, held: at(0.95) <= GOAL_P95_MS }
  console.log(JSON.stringify(result))
  process.exitCode = result.held ? 0 : 1
} finally {
  await browser.close()
  child.kill('SIGTERM')
  await new Promise((resolve) => child.once('exit', resolve))
  rmSync(home, { recursive: true, force: true })
}
