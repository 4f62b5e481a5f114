/** The real Electron window under a virtual display: a dropped folder, the whole job by keyboard, and the security defaults. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import path from 'node:path'
import { _electron, type ElectronApplication, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { noteSkip } from '../helpers/skips.ts'
import { startDisplay } from '../helpers/virtual-display.ts'
import { allTags, hasTool, makeHome, root, type StudioHome, tagOf } from './studio-home.ts'
import { revertAll, tagApproveAndWrite } from './whole-job.ts'

const folder = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? path.join(root, 'node_modules/electron/dist')
const executable = path.join(
  folder,
  process.platform === 'win32' ? 'electron.exe' : process.platform === 'darwin' ? 'Electron.app/Contents/MacOS/Electron' : 'electron',
)
const display = existsSync(executable) ? await startDisplay() : undefined
const why = !existsSync(executable) ? "Electron's binary is not here" : display === undefined ? 'there is no display and no Xvfb' : undefined
if (why) noteSkip('the Electron window', why)

describe.skipIf(why !== undefined)('the Electron window', () => {
  const NAMES = ['friends.jpg', 'coffee.jpg', 'clock.jpg']
  let home: StudioHome
  let app: ElectronApplication
  let page: Page
  const before = new Map<string, string[]>()

  beforeAll(async () => {
    home = makeHome(NAMES)
    for (const name of NAMES) before.set(name, allTags(path.join(home.photos, name)))
    app = await _electron.launch({
      executablePath: executable,
      args: [root, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), '--disable-gpu'],
      env: { ...(home.environment as Record<string, string>), ...display?.environment },
      timeout: 60_000,
    })
    page = await app.firstWindow()
    await page.getByTestId('drop-zone').waitFor({ timeout: 60_000 })
  })
  afterAll(async () => {
    await app?.close()
    home?.remove()
    await display?.stop()
  })

  it('imports a folder that is dropped into it, through its real path', async () => {
    const session = await page.context().newCDPSession(page)
    const box = await page.getByTestId('drop-zone').boundingBox()
    const at = { x: Math.round((box?.x ?? 0) + (box?.width ?? 800) / 2), y: Math.round((box?.y ?? 0) + (box?.height ?? 600) / 2) }
    const data = { items: [], files: [home.photos], dragOperationsMask: 1 }
    for (const type of ['dragEnter', 'dragOver', 'drop'] as const) await session.send('Input.dispatchDragEvent', { type, ...at, data })
    await expect.poll(() => page.getByTestId('grid-cell').count(), { timeout: 30_000 }).toBe(NAMES.length)
  })

  it('does the whole job by keyboard and takes it back', async () => {
    await tagApproveAndWrite(page, NAMES.length)
    if (hasTool('exiftool')) expect(tagOf(path.join(home.photos, 'coffee.jpg'), 'XMP-dc:Subject')).toContain('cup')
    await revertAll(page, NAMES.length)
    if (hasTool('exiftool')) for (const name of NAMES) expect(allTags(path.join(home.photos, name)), name).toEqual(before.get(name))
  })

  it('is sandboxed and isolated, and goes nowhere', async () => {
    const preferences = await app.evaluate(({ BrowserWindow }) => {
      const [{ webContents }] = BrowserWindow.getAllWindows() as [Electron.BrowserWindow]
      return (webContents as unknown as { getLastWebPreferences(): Record<string, unknown> }).getLastWebPreferences()
    })
    expect(preferences).toMatchObject({ sandbox: true, contextIsolation: true, nodeIntegration: false })
    expect(await page.evaluate('typeof require + typeof process')).toBe('undefinedundefined')
    const url = page.url()
    await page.evaluate("window.location.href = 'https://example.com/'").catch(() => undefined)
    expect(page.url()).toBe(url)
    expect(await page.evaluate("window.open('https://example.com/') === null")).toBe(true)
    await expect(page.evaluate("fetch('studio-media://thumb/../../etc/passwd').then((r) => r.status)")).rejects.toThrow()
    expect(await page.evaluate('Notification.permission')).toBe('denied')
  })

  it('hands a second start over to the first', () => {
    const { status } = spawnSync(executable, [root, ...(process.getuid?.() === 0 ? ['--no-sandbox'] : []), home.photos], {
      env: { ...home.environment, ...display?.environment },
      timeout: 30_000,
    })
    expect(status).toBe(0)
  })

  it('serves its page with the policy as a header', async () => {
    expect(await page.evaluate("fetch('studio://app/index.html').then((page) => page.headers.get('content-security-policy'))")).toContain(
      "default-src 'none'",
    )
  })
})
