/** `studio://app/…` serves the built renderer, `studio-media://thumb/<photoId>/<size>` cached pictures,
 * `studio-media://view/<photoId>/<long edge>` what a model was sent. Runs in the main process. */
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { protocol } from 'electron'
import { CONTENT_SECURITY_POLICY } from '../lib/page-policy.ts'
import type { Studio } from '../lib/studio.ts'

export const APP_ORIGIN = 'studio://app'

const TYPES: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
}

export function serveSchemes(rendererFolder: string, studio: Pick<Studio, 'thumbnail' | 'modelView'>): void {
  protocol.handle('studio', async (request) => {
    const file = findRendererFile(rendererFolder, request.url)
    if (!file) return new Response(null, { status: 404 })
    try {
      const bytes = await readFile(file)
      return new Response(new Uint8Array(bytes), {
        headers: {
          'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream',
          'content-security-policy': CONTENT_SECURITY_POLICY,
          'x-content-type-options': 'nosniff',
        },
      })
    } catch {
      return new Response(null, { status: 404 })
    }
  })

  protocol.handle('studio-media', async (request) => {
    const wanted = parseMediaUrl(request.url)
    if (!wanted) return new Response(null, { status: 404 })
    try {
      if (wanted.kind === 'view') {
        const jpeg = await studio.modelView(wanted.photoId, wanted.size)
        return new Response(new Uint8Array(jpeg), { headers: { 'content-type': 'image/jpeg', 'x-content-type-options': 'nosniff' } })
      }
      const { file, contentType } = await studio.thumbnail(wanted.photoId, wanted.size)
      const bytes = await readFile(file)
      return new Response(new Uint8Array(bytes), { headers: { 'content-type': contentType, 'x-content-type-options': 'nosniff' } })
    } catch {
      return new Response(null, { status: 404 })
    }
  })
}

/** The file inside `folder` that a `studio://app/…` address names, or undefined for anything that leads elsewhere. */
function findRendererFile(folder: string, url: string): string | undefined {
  try {
    const { host, pathname } = new URL(url)
    if (host !== 'app') return undefined
    const file = path.resolve(folder, `.${decodeURIComponent(pathname === '/' ? '/index.html' : pathname)}`)
    const relative = path.relative(folder, file)
    return relative.startsWith('..') || path.isAbsolute(relative) ? undefined : file
  } catch {
    return undefined
  }
}

/** Ids only: `studio-media://thumb/12/320?v=…`, `studio-media://view/12/1024`. Anything else, encoded or not, is undefined. */
function parseMediaUrl(url: string): { kind: 'thumb' | 'view'; photoId: number; size: number } | undefined {
  const match = /^studio-media:\/\/(thumb|view)\/(\d{1,15})\/(\d{1,5})(?:\?v=[0-9a-f]*)?$/.exec(url)
  return match ? { kind: match[1] === 'view' ? 'view' : 'thumb', photoId: Number(match[2]), size: Number(match[3]) } : undefined
}
