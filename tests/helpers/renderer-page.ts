/** Serves the built window with the product's strictest policy, and opens it in a real browser with the library in memory. */
import { createReadStream, existsSync, readdirSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { type Browser, chromium, type Page } from 'playwright-core'
import { CHROMIUM_ARGS, findChromium } from './chromium.mjs'

const root = path.resolve(import.meta.dirname, '../..')
const rendererFolder = process.env['IMAGEWORKS_RENDERER'] ?? path.join(root, 'out', 'renderer')
const photosFolder = path.join(root, 'tests', 'fixtures', 'photos')
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.map': 'application/json',
}
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'"

/** Why these tests cannot run here, or undefined. */
export function whyNoWindow(): string | undefined {
  if (findChromium() === undefined) return 'no Chromium, Chrome or Edge found (set IMAGEWORKS_CHROMIUM)'
  if (!existsSync(path.join(rendererFolder, 'index.html'))) return 'the window is not built (npm run build)'
  return undefined
}

export interface OpenOptions {
  theme?: 'light' | 'dark'
  width?: number
  height?: number
  reducedMotion?: boolean
  /** Source that runs before the page's own scripts, outside the page's policy. */
  script?: string
}

export interface RendererHost {
  readonly browser: Browser
  readonly address: string
  open(query?: string, options?: OpenOptions): Promise<Page>
  close(): Promise<void>
}

export async function startRenderer(): Promise<RendererHost> {
  const pictures = existsSync(photosFolder) ? readdirSync(photosFolder).filter((name) => name.endsWith('.jpg')) : []
  const server = createServer((request, response) => {
    const pathname = decodeURIComponent(new URL(request.url ?? '/', 'http://local').pathname)
    const thumb = /^\/media\/thumb\/(\d+)\//.exec(pathname)
    const file = thumb
      ? path.join(photosFolder, pictures[Number(thumb[1]) % Math.max(1, pictures.length)] ?? '')
      : path.join(rendererFolder, path.normalize(pathname === '/' ? '/index.html' : pathname))
    if (!existsSync(file) || (thumb && pictures.length === 0)) {
      response.writeHead(404).end()
      return
    }
    const type = thumb ? 'image/jpeg' : (TYPES[path.extname(file)] ?? 'application/octet-stream')
    response.writeHead(200, {
      'content-type': type,
      'content-security-policy': POLICY,
      ...(thumb ? { 'cache-control': 'max-age=31536000, immutable' } : {}),
    })
    createReadStream(file).pipe(response)
  })
  await listen(server)
  const browser = await chromium.launch({ executablePath: findChromium()!, args: CHROMIUM_ARGS })
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    browser,
    address,
    async open(query = '', { theme = 'dark', width = 1440, height = 900, reducedMotion = true, script } = {}) {
      const context = await browser.newContext({
        viewport: { width, height },
        colorScheme: theme,
        reducedMotion: reducedMotion ? 'reduce' : 'no-preference',
      })
      const page = await context.newPage()
      if (script !== undefined) await page.addInitScript(script)
      await page.goto(`${address}/?client=memory${query}`, { waitUntil: 'domcontentloaded' })
      return page
    },
    async close() {
      await browser.close()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', resolve)
  })
}
