/**
 * Bundles TypeScript entries into plain modules that any supported Node can run: for child processes of tests and for benches.
 * Packages stay outside the bundle, so the output lies inside the checkout where they are found.
 */
import path from 'node:path'
import { build } from 'vite'

const root = path.resolve(import.meta.dirname, '../..')

/**
 * @param {Record<string, string>} entries Output name → source file, relative to the checkout.
 * @param {string} folderName Folder under tests/.artifacts/bundles; give each caller its own.
 * @returns {Promise<string>} The folder that holds `<name>.js` of every entry.
 */
export async function bundleTs(entries, folderName) {
  const outDir = path.join(root, 'tests', '.artifacts', 'bundles', folderName)
  await build({
    root,
    configFile: false,
    logLevel: 'warn',
    build: {
      ssr: true,
      outDir,
      emptyOutDir: true,
      target: 'node20',
      minify: false,
      rollupOptions: {
        input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, path.join(root, file)])),
        output: { format: 'es', entryFileNames: '[name].js', chunkFileNames: 'chunks/[name]-[hash].js' },
      },
    },
  })
  return outDir
}
