/** A model's name as the stem of a file name on every system. Pure. */
import { StudioError } from '../../lib/studio-error.ts'
import { MODEL_NAME_PATTERN } from '../../registry/entry.ts'

const DEVICE = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i

/** @throws StudioError `registry-invalid` for what is no model name: no path ever comes out of here. */
export function fileStemOf(name: string): string {
  if (!MODEL_NAME_PATTERN.test(name)) throw new StudioError('registry-invalid', 'a model has no proper name', { data: { field: 'name' } })
  const stem = name.replaceAll(':', '%3A').replace(/\.$/, '%2E')
  return DEVICE.test(stem) ? `%${stem}` : stem
}
