import { describe, expect, it } from 'vitest'
import { classifyName, isPackageName } from '../../../src-main/library/classify-name.ts'
import { pairPhotos } from '../../../src-main/library/pair-photos.ts'

describe('a file name', () => {
  it.each([
    ['IMG_1.JPG', 'jpeg'],
    ['a.jpeg', 'jpeg'],
    ['x.tif', 'tiff'],
    ['x.HEIC', 'heif'],
    ['x.avif', 'avif'],
    ['x.jxl', 'jxl'],
    ['x.dng', 'dng'],
    ['x.CR3', 'raw'],
    ['x.raf', 'raw'],
    ['two.dots.png', 'png'],
    ['-rf.jpg', 'jpeg'],
    ['trailing.jpg.webp', 'webp'],
    ['😀 e\u0301.jpg', 'jpeg'],
    ['new\nline.jpg', 'jpeg'],
    ['my_original_photo.jpg', 'jpeg'],
  ])('%j is a photo of kind %s', (name, kind) => expect(classifyName(name)).toEqual({ kind, reason: null }))

  it.each([
    ['._IMG_1.jpg', 'hidden'],
    ['.hidden.jpg', 'hidden'],
    ['.jpg', 'hidden'],
    ['.iws-123.jpg', 'own-temporary'],
    ['photo_lab_chroma.png', 'own-artefact'],
    ['photo_lab_residual_2.jpg', 'own-artefact'],
    ['IMG_1.xmp', 'sidecar'],
    ['IMG_1.CR3.XMP', 'sidecar'],
    ['IMG_1.jpg.dop', 'sidecar'],
    ['IMG_1.cr2.pp3', 'sidecar'],
    ['a.on1', 'sidecar'],
    ['a.cos', 'sidecar'],
    ['IMG_1.jpg_original', 'backup'],
    ['IMG_1.jpg.bak', 'backup'],
    ['IMG_1.bak.jpg', 'backup'],
    ['IMG_1.jpg_exiftool_tmp', 'backup'],
    ['Thumbs.db', 'system'],
    ['movie.mp4', 'not-a-photo'],
    ['jpg', 'not-a-photo'],
    ['no-extension', 'not-a-photo'],
    ['photo.jpg.', 'not-a-photo'],
    ['', 'not-a-photo'],
  ])('%j is no photo: %s', (name, reason) => expect(classifyName(name)).toEqual({ kind: null, reason }))

  it('of another program’s library is known, and an ordinary folder is not taken for one', () => {
    expect(['Fotos.photoslibrary', 'Catalog Previews.lrdata', 'X.LRLIBRARY', 'Backups.backupdb'].every(isPackageName)).toBe(true)
    expect(['photoslibrary', 'lrdata photos', '2020.05'].some(isPackageName)).toBe(false)
  })
})

describe('RAW and JPEG', () => {
  const pair = (...names: string[]) => Object.fromEntries(pairPhotos(names.map((name) => ({ name, kind: classifyName(name).kind! }))))

  it('of the same stem are one photo', () => {
    expect(pair('a.jpg', 'a.cr2', 'b.jpg', 'c.nef')).toEqual({ 'a.cr2': 'a.jpg' })
    expect(pair('a.cr2', 'a.png', 'a.heic')).toEqual({})
  })

  it('pair by exact spelling first, then without case when only one is left', () => {
    expect(pair('IMG.CR2', 'img.jpg')).toEqual({ 'IMG.CR2': 'img.jpg' })
    expect(pair('IMG.CR2', 'img.jpg', 'IMG.jpg')).toEqual({ 'IMG.CR2': 'IMG.jpg' })
    expect(pair('Img.CR2', 'img.jpg', 'IMG.jpg')).toEqual({})
  })

  it('never share a JPEG: the camera’s RAW has it before a DNG made from it', () => {
    expect(pair('a.dng', 'a.arw', 'a.jpg')).toEqual({ 'a.arw': 'a.jpg' })
    expect(pair('a.dng', 'a.jpg')).toEqual({ 'a.dng': 'a.jpg' })
  })
})
