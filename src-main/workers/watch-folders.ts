/** Follows folders and all below them. Runs in the watch worker. Tells where something changed once it has been quiet for a moment. */
import { type FSWatcher, statSync, watch } from 'node:fs'
import path from 'node:path'
import { classifyName, type IgnoredAs } from '../library/classify-name.ts'
import type { WatchedChange, WatchRequest } from '../library/ports.ts'

/** Names whose coming and going says nothing about photos. What has another name may be a folder. */
const SILENT: ReadonlySet<IgnoredAs> = new Set(['hidden', 'own-temporary', 'own-artefact', 'backup', 'system'])

/** Runs until `signal` aborts; folders that cannot be followed are read again every `retryMs`, and followed as soon as that works. */
export async function watchFolders(request: WatchRequest, signal: AbortSignal, send: (change: WatchedChange) => Promise<void>): Promise<void> {
  const { quietMs, longestMs, retryMs } = request
  const watchers = new Map<string, { watcher: FSWatcher; inode: number | undefined }>()
  const touched = new Set<string>()
  const whole = new Set<string>()
  let timer: NodeJS.Timeout | undefined
  let firstAtMs = 0

  const flush = () => {
    timer = undefined
    const change = sortOut(touched, whole)
    touched.clear()
    whole.clear()
    if (change.folders.length + change.trees.length > 0) void send(change).catch(() => undefined)
  }
  /** A long copy is told in portions, at the latest every `longestMs`. */
  const stir = () => {
    if (timer === undefined) firstAtMs = Date.now()
    clearTimeout(timer)
    timer = setTimeout(flush, Math.max(0, Math.min(quietMs, firstAtMs + longestMs - Date.now())))
  }
  const drop = (root: string) => {
    watchers.get(root)?.watcher.close()
    watchers.delete(root)
  }
  const follow = (root: string) => {
    try {
      const watcher = watch(root, { recursive: true }, (_kind, name) => {
        const isSilent = name !== null && name.split(path.sep).some((part) => SILENT.has(classifyName(part).reason as IgnoredAs))
        if (isSilent) return
        if (name === null) whole.add(root)
        else touched.add(path.join(root, name))
        stir()
      })
      watcher.on('error', () => drop(root))
      watchers.set(root, { watcher, inode: inodeOf(root) })
    } catch {
      drop(root)
    }
  }

  for (const root of request.folders) {
    follow(root)
    // What changed while nobody followed.
    whole.add(root)
  }
  stir()
  const retrying = setInterval(() => {
    for (const root of request.folders) {
      const followed = watchers.get(root)
      // A folder that was taken away and made anew is another one to the system, which tells nothing of it.
      if (followed?.inode !== undefined && followed.inode === inodeOf(root)) continue
      drop(root)
      if (!isFolder(root)) continue
      follow(root)
      whole.add(root)
      stir()
    }
  }, retryMs)
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  clearInterval(retrying)
  clearTimeout(timer)
  for (const root of request.folders) drop(root)
}

/** New folders are read with all below them; for a file the folder it lies in is enough. */
function sortOut(touched: ReadonlySet<string>, whole: ReadonlySet<string>): WatchedChange {
  const folders = new Set<string>()
  const trees = new Set(whole)
  for (const each of touched) {
    if (isFolder(each)) trees.add(each)
    else if (isFolder(path.dirname(each))) folders.add(path.dirname(each))
  }
  return { folders: [...folders], trees: [...trees] }
}

function inodeOf(folder: string): number | undefined {
  return statSync(folder, { throwIfNoEntry: false })?.ino
}

function isFolder(at: string): boolean {
  return statSync(at, { throwIfNoEntry: false })?.isDirectory() ?? false
}
