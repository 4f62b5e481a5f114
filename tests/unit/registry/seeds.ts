import { readFileSync } from 'node:fs'
import { mergeLayers, parseLayer } from '../../../src-main/registry/layers.ts'
import { parseProfiles } from '../../../src-main/registry/profiles.ts'

const configs = new URL('../../../configs/', import.meta.url)
export const readConfig = (name: string) => readFileSync(new URL(name, configs), 'utf8')

/** What ships. */
export const shipped = parseLayer(readConfig('model_registry.curated.json'), 'model_registry.curated.json').records
export const shippedRegistry = mergeLayers([{ layer: 'curated', file: 'model_registry.curated.json', records: shipped }])
export const SEED_NAMES = ['qwen3-vl-8b-instruct_(FP8)', 'qwen25vl_8.3b_(Q4_K_M)', 'florence-2-large_(FP16)']
/** The three seed entries alone. */
export const seeds = { entries: shippedRegistry.entries.filter(({ name }) => SEED_NAMES.includes(name)) }
export const profiles = parseProfiles(readConfig('deployment_profiles.json'), 'deployment_profiles.json')
