/** Which `.xmp` files belong to a photo, and how a new one is named. Pure; the folder's names are given. */
import path from 'node:path'

export interface FoundSidecar {
  path: string
  /** `photo.xmp` (Adobe, Capture One) or `photo.cr3.xmp` (darktable, digiKam, Immich). */
  style: 'stem' | 'full-name'
}

const RAW_EXTENSIONS = /\.(3fr|arw|cr2|cr3|crw|dcr|dng|erf|fff|gpr|iiq|k25|kdc|mef|mos|mrw|nef|nrw|orf|ori|pef|raf|raw|rw2|rwl|sr2|srf|srw|x3f)$/i

export function isRawName(name: string): boolean {
  return RAW_EXTENSIONS.test(name)
}

/** Names are compared without case and in composed form: both kinds of disk exist. Stem style first. */
export function findSidecars(photoPath: string, namesInFolder: readonly string[]): FoundSidecar[] {
  const folder = path.dirname(photoPath)
  const name = path.basename(photoPath)
  const fold = (text: string) => text.normalize('NFC').toLowerCase()
  const stem = fold(path.parse(name).name)
  const pick = (wanted: string) => {
    const same = namesInFolder.filter((candidate) => fold(candidate) === wanted)
    // The exact spelling wins where a case-sensitive disk holds both.
    return same.find((candidate) => candidate.startsWith(path.parse(name).name)) ?? same[0]
  }
  const byStem = pick(`${stem}.xmp`)
  const byName = pick(`${fold(name)}.xmp`)
  return [
    ...(byStem === undefined ? [] : [{ path: path.join(folder, byStem), style: 'stem' as const }]),
    ...(byName === undefined ? [] : [{ path: path.join(folder, byName), style: 'full-name' as const }]),
  ]
}

/** `photo.xmp` beside a RAW of the same stem describes the RAW, never the JPEG shot with it. */
export function hasRawTwin(photoPath: string, namesInFolder: readonly string[]): boolean {
  const name = path.basename(photoPath)
  const stem = path.parse(name).name.toLowerCase()
  return namesInFolder.some((other) => other !== name && isRawName(other) && path.parse(other).name.toLowerCase() === stem)
}

/** Adobe's note of whose sidecar it is; absent means anyone's with this stem. */
export function belongsTo(photoPath: string, sidecarForExtension: string | null): boolean {
  return sidecarForExtension === null || sidecarForExtension.toLowerCase() === path.extname(photoPath).slice(1).toLowerCase()
}

export function newSidecarPath(photoPath: string, style: FoundSidecar['style']): string {
  const { dir, name, base } = path.parse(photoPath)
  return path.join(dir, `${style === 'stem' ? name : base}.xmp`)
}
