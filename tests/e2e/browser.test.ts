/** The browser host and a real Chromium: the whole job by keyboard, files checked before and after with other tools. */
import { type ChildProcess, spawn } from 'node:child_process'
import path from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CHROMIUM_ARGS, findChromium } from '../helpers/chromium.mjs'
import { noteSkip } from '../helpers/skips.ts'
import { allTags, exivOf, hasTool, imageDataHash, makeHome, root, type StudioHome, tagOf } from './studio-home.ts'
import { revertAll, tagApproveAndWrite } from './whole-job.ts'

const executablePath = findChromium()
if (!executablePath) noteSkip('the browser window, end to end', 'no Chromium, Chrome or Edge was found')
const secondReaders = hasTool('exiftool') && hasTool('exiv2')

function serve(home: StudioHome): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(process.execPath, [path.join(root, 'out/main/serve.js'), home.photos, '--no-open'], {
    cwd: home.folder,
    env: home.environment,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return new Promise((resolve, reject) => {
    let printed = ''
    child.stdout?.on('data', (data: Buffer) => {
      printed += data.toString()
      const url = /http:\/\/127\.0\.0\.1:\d+\/#token=\S+/.exec(printed)?.[0]
      if (url) resolve({ child, url })
    })
    child.once('exit', (code) => reject(new Error(`serve ended with ${code}: ${printed}`)))
  })
}

describe.skipIf(executablePath === undefined)('the browser window', () => {
  const FIXTURES = ['friends.jpg', 'coffee.jpg', 'abroad/森の小川.jpg']
  const NAMES = FIXTURES.map((name) => path.basename(name))
  let home: StudioHome
  let child: ChildProcess
  let browser: Browser
  let page: Page
  const consoleErrors: string[] = []
  const remote: string[] = []
  const before = new Map<string, { tags: string[]; hash: string | undefined }>()

  beforeAll(async () => {
    home = makeHome(FIXTURES)
    if (secondReaders)
      for (const name of NAMES) before.set(name, { tags: allTags(path.join(home.photos, name)), hash: imageDataHash(path.join(home.photos, name)) })
    const served = await serve(home)
    child = served.child
    browser = await chromium.launch({ executablePath, args: CHROMIUM_ARGS })
    page = await browser.newPage({ viewport: { width: 1440, height: 900 } })
    page.on('console', (message) => {
      if (message.type() === 'error') consoleErrors.push(message.text())
    })
    page.on('request', (request) => {
      if (!request.url().startsWith('http://127.0.0.1:') && !request.url().startsWith('data:')) remote.push(request.url())
    })
    await page.goto(served.url)
  })
  afterAll(async () => {
    await browser?.close()
    child?.kill('SIGTERM')
    home?.remove()
  })

  it('opens the folder that was given, and the token leaves the address', async () => {
    await expect.poll(() => page.getByTestId('grid-cell').count(), { timeout: 30_000 }).toBe(NAMES.length)
    expect(page.url()).not.toContain('token')
  })

  it('tags, approves and writes by keyboard', async () => {
    await tagApproveAndWrite(page, NAMES.length)
    if (!secondReaders) return
    const coffee = path.join(home.photos, 'coffee.jpg')
    // It had keywords already: they stay, in both places, and the new one joins them.
    expect(exivOf(coffee, 'Xmp.dc.subject').split(', ')).toEqual(expect.arrayContaining(['café', 'boisson', 'cup']))
    expect(exivOf(coffee, 'Iptc.Application2.Keywords').split('\n')).toEqual(exivOf(coffee, 'Xmp.dc.subject').split(', '))
    expect(tagOf(coffee, 'IPTC:ObjectName')).toBe('Café crème')
    for (const name of NAMES) expect(imageDataHash(path.join(home.photos, name))).toBe(before.get(name)?.hash)
  })

  it('comes back where it was after a reload', async () => {
    await page.reload()
    await expect.poll(() => page.getByTestId('journal-row').count(), { timeout: 30_000 }).toBe(NAMES.length)
  })

  it('takes everything back from the journal', async () => {
    await revertAll(page, NAMES.length)
    if (secondReaders) for (const name of NAMES) expect(allTags(path.join(home.photos, name)), name).toEqual(before.get(name)?.tags)
  })

  it('asked nothing of any other machine and broke no policy', () => {
    expect(remote).toEqual([])
    expect(consoleErrors).toEqual([])
  })
})
