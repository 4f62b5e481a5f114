/** `npm run screenshots`: every screen in light and dark, on the real studio with the fixture photos, into tests/.artifacts/screenshots/. */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { CHROMIUM_ARGS, findChromium } from '../../tests/helpers/chromium.mjs'
import { ensureInstalled, root } from './ensure-installed.mjs'

ensureInstalled()
const { buildIfStale } = await import('./build.mjs')
buildIfStale()
const { chromium } = await import('playwright-core')

const executablePath = findChromium() ?? chromium.executablePath()
const output = path.join(root, 'tests/.artifacts/screenshots')
const home = mkdtempSync(path.join(os.tmpdir(), 'imageworks-screens-'))
const photos = path.join(home, 'photos')
mkdirSync(output, { recursive: true })

function serve(words, data) {
  const child = spawn(process.execPath, [path.join(root, 'out/main/serve.js'), ...words, '--no-open'], {
    cwd: home,
    env: { ...process.env, IMAGEWORKS_HOME: path.join(home, data), OLLAMA_HOST: '127.0.0.1:9' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    let printed = ''
    child.stdout.on('data', (chunk) => {
      printed += chunk
      const url = /http:\/\/127\.0\.0\.1:\d+\/#token=\S+/.exec(printed)?.[0]
      if (url) resolve({ child, url })
    })
    child.once('exit', () => reject(new Error(`the studio did not start: ${printed}`)))
  })
}

const browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS })
const pages = []
async function open(url) {
  for (const colorScheme of ['light', 'dark']) {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 }, colorScheme })
    await page.goto(url)
    await page.waitForLoadState('networkidle')
    pages.push([colorScheme, page])
  }
}
async function shoot(name, prepare) {
  for (const [scheme, page] of pages) {
    await prepare?.(page)
    await page.screenshot({ path: path.join(output, `${name}-${scheme}.png`) })
  }
  console.log(name)
}
const nav = (screen) => async (page) => {
  await page.getByTestId(`nav-${screen}`).click()
  await page.waitForLoadState('networkidle')
}

try {
  mkdirSync(photos)
  const empty = await serve([photos], 'empty')
  await open(empty.url)
  await shoot('empty-library')
  await shoot('empty-journal', nav('journal'))
  for (const [, page] of pages.splice(0)) await page.close()
  empty.child.kill()

  cpSync(path.join(root, 'tests/fixtures/photos'), photos, { recursive: true })
  const full = await serve([photos], 'full')
  await open(full.url)
  const [, first] = pages[0]
  await first.getByTestId('grid-cell').first().waitFor()
  await first.waitForLoadState('networkidle')
  await shoot('library')
  await first.getByTestId('grid').focus()
  await first.keyboard.press('ControlOrMeta+a')
  await first.keyboard.press('t')
  await first.locator('[data-testid="run-strip"][data-run-state="running"]').waitFor()
  await shoot('running')
  await first.locator('[data-testid="run-strip"][data-run-state="done"]').waitFor({ timeout: 300_000 })
  await shoot('tagged')
  await shoot('review', async (page) => {
    await page.getByTestId('grid').focus()
    await page.keyboard.press('Home')
    await page.keyboard.press('Enter')
    await page.getByTestId('field-title').waitFor()
    await page.waitForLoadState('networkidle')
  })
  for (let at = 0; at < 4; at += 1) {
    await first.keyboard.press('a')
    await first.waitForLoadState('networkidle')
  }
  await shoot('plan', async (page) => {
    await page.keyboard.press('w')
    await page.getByTestId('plan').first().waitFor()
  })
  await first.keyboard.press('Enter')
  await first.getByTestId('outcome-list').waitFor()
  await first.screenshot({ path: path.join(output, 'written-light.png') })
  for (const [, page] of pages) await page.keyboard.press('Escape')
  await shoot('journal', nav('journal'))
  await shoot('models', nav('models'))
  await shoot('settings', nav('settings'))
  await shoot('doctor', nav('doctor'))
  full.child.kill()
} finally {
  await browser.close()
  rmSync(home, { recursive: true, force: true })
}
console.log(`in ${path.relative(root, output)}`)
