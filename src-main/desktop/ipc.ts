/** Requests and events between the window and the studio. Every message is answered only for our own top frame. Runs in the main process. */
import path from 'node:path'
import { ipcMain, type IpcMainInvokeEvent, type WebContents } from 'electron'
import type { Studio } from '../lib/studio.ts'
import { CHANNELS } from './channels.ts'
import { APP_ORIGIN } from './schemes.ts'
import { isTrustedSender } from './sender-gate.ts'

/** Returns its own undo. */
export function serveIpc(studio: Studio, contents: WebContents): () => void {
  const gate = (event: IpcMainInvokeEvent) => {
    const frame = event.senderFrame
    if (!isTrustedSender(frame?.url, frame !== null && frame === event.sender.mainFrame, [APP_ORIGIN])) throw new Error('refused')
  }
  ipcMain.handle(CHANNELS.request, (event, name: unknown, input: unknown) => {
    gate(event)
    return studio.dispatch(String(name), input)
  })
  ipcMain.handle(CHANNELS.admit, (event, paths: unknown) => {
    gate(event)
    if (!Array.isArray(paths)) return []
    return paths.filter((each): each is string => typeof each === 'string' && path.isAbsolute(each)).map((each) => studio.paths.admit(each))
  })
  const unsubscribe = studio.subscribe((event) => {
    if (!contents.isDestroyed()) contents.send(CHANNELS.event, event)
  })
  return () => {
    unsubscribe()
    ipcMain.removeHandler(CHANNELS.request)
    ipcMain.removeHandler(CHANNELS.admit)
  }
}
