import { writeFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { entrySchema } from '../../../src-main/registry/entry.ts'
import { profilesFileSchema } from '../../../src-main/registry/profiles.ts'
import { readConfig } from './seeds.ts'

const describeFile = (title: string, schema: z.ZodType) => {
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return { $schema, title, ...rest }
}
const list = z.array(entrySchema)
const wanted = {
  model_registry: describeFile(
    'Model registry: a list of entries, or an object with the list under "models"',
    z.union([list, z.looseObject({ models: list })]),
  ),
  deployment_profiles: describeFile('Deployment profiles', profilesFileSchema),
}

describe('the published schemas', () => {
  for (const [name, schema] of Object.entries(wanted)) {
    it(`${name}: must say what the code really takes (UPDATE_SCHEMAS=1 writes it)`, () => {
      if (process.env['UPDATE_SCHEMAS'] === '1') {
        writeFileSync(new URL(`../../../configs/schemas/${name}.schema.json`, import.meta.url), `${JSON.stringify(schema, null, 2)}\n`)
      }
      expect(JSON.parse(readConfig(`schemas/${name}.schema.json`))).toEqual(schema)
    })
  }
})
