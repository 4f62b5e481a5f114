/** Runs in the sandboxed preload of the window: exposes the contract and nothing of Electron. */
import { contextBridge, ipcRenderer, webUtils } from 'electron'
import { CHANNELS } from './channels.ts'

contextBridge.exposeInMainWorld('studio', {
  request: (name: string, input: unknown) => ipcRenderer.invoke(CHANNELS.request, name, input),
  subscribe: (listener: (event: unknown) => void) => {
    const relay = (_: unknown, event: unknown) => listener(event)
    ipcRenderer.on(CHANNELS.event, relay)
    return () => void ipcRenderer.removeListener(CHANNELS.event, relay)
  },
  // A path never reaches the page: it goes from the file that was dropped straight to the main process, and a token comes back.
  admit: (files: File[]) => ipcRenderer.invoke(CHANNELS.admit, files.map((file) => webUtils.getPathForFile(file)).filter(Boolean)),
})
