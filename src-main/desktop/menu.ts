/** The native menu. Commands that the window knows itself stay there; only what needs the system is here. Runs in the main process. */
import { type BrowserWindow, dialog, Menu, type MenuItemConstructorOptions } from 'electron'
import type { Studio } from '../lib/studio.ts'

export function installMenu(window: BrowserWindow, studio: Studio): void {
  const open = async (recursive: boolean) => {
    const { canceled, filePaths } = await dialog.showOpenDialog(window, { properties: ['openDirectory', 'multiSelections'], title: 'Open folders' })
    if (canceled || filePaths.length === 0) return
    await studio.dispatch('library.import', { grantIds: filePaths.map((each) => studio.paths.admit(each)), recursive })
  }
  const template: MenuItemConstructorOptions[] = [
    ...(process.platform === 'darwin' ? [{ role: 'appMenu' as const }] : []),
    {
      label: 'File',
      submenu: [
        { label: 'Open Folder…', accelerator: 'CmdOrCtrl+O', click: () => void open(false) },
        { label: 'Open Folder with Subfolders…', accelerator: 'CmdOrCtrl+Shift+O', click: () => void open(true) },
        { type: 'separator' },
        { role: process.platform === 'darwin' ? 'close' : 'quit' },
      ],
    },
    // No undo and redo here: their keys belong to the review, and text fields have their own.
    { label: 'Edit', submenu: [{ role: 'cut' }, { role: 'copy' }, { role: 'paste' }] },
    { label: 'View', submenu: [{ role: 'resetZoom' }, { role: 'zoomIn' }, { role: 'zoomOut' }, { type: 'separator' }, { role: 'togglefullscreen' }] },
    { role: 'windowMenu' },
  ]
  Menu.setApplicationMenu(Menu.buildFromTemplate(template))
}
