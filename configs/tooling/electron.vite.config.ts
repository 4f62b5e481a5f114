/** One build for all hosts: main (Electron, browser host, command line, workers), the sandboxed preload, and the renderer. */
import { existsSync, readdirSync } from 'node:fs'
import path from 'node:path'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'electron-vite'

const root = path.resolve(import.meta.dirname, '../..')
const at = (...parts: string[]) => path.join(root, ...parts)
const workers = readdirSync(at('src-main/workers')).filter((name) => name.endsWith('-worker.ts'))
const mainEntries = [
  ...['main', 'serve', 'cli'].map((name) => [name, at('src-main', `${name}.ts`)] as const),
  ...workers.map((name) => [`workers/${name.slice(0, -3)}`, at('src-main/workers', name)] as const),
].filter(([, file]) => existsSync(file))

export default defineConfig({
  main: {
    root,
    build: {
      outDir: at('out/main'),
      target: 'node20',
      externalizeDeps: true,
      sourcemap: true,
      minify: false,
      rollupOptions: {
        input: Object.fromEntries(mainEntries),
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  },
  preload: {
    root,
    build: {
      outDir: at('out/desktop'),
      target: 'node20',
      externalizeDeps: false,
      rollupOptions: {
        input: { preload: at('src-main/desktop/preload.ts'), boot: at('src-main/desktop/boot.ts') },
        output: { format: 'cjs', entryFileNames: '[name].cjs' },
      },
    },
  },
  renderer: {
    root: at('src-renderer'),
    plugins: [react()],
    base: './',
    build: {
      outDir: at('out/renderer'),
      emptyOutDir: true,
      target: 'chrome130',
      minify: 'oxc',
      sourcemap: true,
      rollupOptions: { input: at('src-renderer/index.html') },
    },
  },
})
