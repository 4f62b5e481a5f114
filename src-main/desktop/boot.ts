/**
 * Electron's entry, the one CommonJS file besides the preload: schemes must be declared before the application is ready, and a module
 * (which main.ts is) may have loaded only after that. Runs in the main process.
 */
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { declareSchemes } from './declare-schemes.ts'

declareSchemes()
void import(pathToFileURL(path.join(__dirname, '../main/main.js')).href)
