/** What a look finds to filter by: camera, stars, keywords. */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import sharp from 'sharp'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { tempFolder } from '../../helpers/temp-folder.ts'
import { buildWorker, setUpImaging } from './real-imaging.ts'

let undo: () => void
beforeAll(async () => {
  undo = await buildWorker()
})
afterAll(() => undo())

it('finds the camera in EXIF, stars and keywords in XMP, and nothing where nothing is', async () => {
  const folder = tempFolder()
  const xmp = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/" xmp:Rating="4"><dc:subject><rdf:Bag><rdf:li>Boat</rdf:li>
    <rdf:li>Fish &amp; chips</rdf:li></rdf:Bag></dc:subject></rdf:Description></rdf:RDF></x:xmpmeta>`
  const plain = sharp({ create: { width: 64, height: 48, channels: 3, background: '#456' } })
  await plain.clone().jpeg().toFile(path.join(folder, 'bare.jpg'))
  await plain
    .clone()
    .jpeg()
    .withExif({ IFD0: { Make: 'Canon', Model: 'Canon EOS R5' } })
    .withXmp(xmp)
    .toFile(path.join(folder, 'full.jpg'))
  expect(readFileSync(path.join(folder, 'full.jpg')).includes('Fish &amp; chips')).toBe(true)
  const { imaging } = await setUpImaging()
  expect((await imaging.look(path.join(folder, 'bare.jpg'), 'jpeg')).marks).toEqual({ camera: null, rating: null, keywords: [] })
  expect((await imaging.look(path.join(folder, 'full.jpg'), 'jpeg')).marks).toEqual({
    camera: 'Canon EOS R5',
    rating: 4,
    keywords: ['Boat', 'Fish & chips'],
  })
})
