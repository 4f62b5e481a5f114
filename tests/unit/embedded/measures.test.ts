import { describe, expect, test } from 'vitest'
import { mergeViews } from '../../../src-main/embedded/detections.ts'
import { decodeFaces, FACE_ANCHORS } from '../../../src-main/embedded/face-boxes.ts'
import { measureLight, nameColour, toLab } from '../../../src-main/embedded/light.ts'
import { chooseTown } from '../../../src-main/embedded/place.ts'
import { findTextBoxes, samplePatch } from '../../../src-main/embedded/text-boxes.ts'
import { cleanText, decodeCtc, keepReadableLines } from '../../../src-main/embedded/text-lines.ts'
import { findWhen } from '../../../src-main/embedded/when.ts'

const frame = { left: 0, top: 0, width: 512, height: 512, mirrored: false }
const mirrored = { ...frame, mirrored: true }
const CAT = 15
const DOG = 16

describe('objects from several views', () => {
  test('the score is the mean over the views; a mirrored box comes back to its place', () => {
    const merged = mergeViews([
      { frame, rows: [[0, 0, 128, 256, 0.6, DOG]] },
      { frame: mirrored, rows: [[384, 0, 512, 256, 0.8, DOG]] },
    ])
    expect(merged).toHaveLength(1)
    expect(merged[0]).toMatchObject({ label: 'dog', box: { left: 0, top: 0, right: 0.25, bottom: 0.5 } })
    expect(merged[0]!.score).toBeCloseTo(0.7)
  })
  test('what one view alone sees falls below the bar', () => {
    expect(
      mergeViews([
        { frame, rows: [[0, 0, 128, 256, 0.79, DOG]] },
        { frame, rows: [] },
      ]),
    ).toEqual([])
  })
  test('two names for one place: the better one stays', () => {
    const rows = [
      [0, 0, 128, 256, 0.6, DOG],
      [2, 0, 128, 256, 0.7, CAT],
    ]
    expect(mergeViews([{ frame, rows }]).map(({ label }) => label)).toEqual(['cat'])
  })
  test('two dogs side by side stay two, a dog within the dog is one', () => {
    const rows = [
      [0, 0, 128, 256, 0.6, DOG],
      [300, 0, 428, 256, 0.7, DOG],
      [310, 10, 360, 80, 0.5, DOG],
    ]
    expect(mergeViews([{ frame, rows }])).toHaveLength(2)
  })
  test('boxes in a letterbox are fractions of the picture', () => {
    const letter = { left: 0, top: 128, width: 512, height: 256, mirrored: false }
    expect(mergeViews([{ frame: letter, rows: [[0, 128, 256, 384, 0.9, CAT]] }])[0]!.box).toEqual({ left: 0, top: 0, right: 0.5, bottom: 1 })
  })
})

describe('faces', () => {
  const rowsWith = (faces: Record<number, number>) => FACE_ANCHORS.map((_, index) => [faces[index] ?? -9, 0, 0, 40, 40])
  test('below 0.85 there is no face: a cat scored 0.83', () => {
    expect(FACE_ANCHORS).toHaveLength(896)
    expect(decodeFaces(rowsWith({ 10: Math.log(0.83 / 0.17) }))).toEqual([])
  })
  test('neighbouring anchors are one face, far ones two', () => {
    expect(decodeFaces(rowsWith({ 0: 3, 1: 4 }))).toHaveLength(1)
    expect(decodeFaces(rowsWith({ 0: 3, 400: 4 }))).toHaveLength(2)
  })
})

const fill = (...colours: [number, number, number][]) => Uint8Array.from(Array.from({ length: 1000 }, (_, i) => colours[i % colours.length]!).flat())

describe('colour and light', () => {
  test.each([
    [[200, 20, 20], 'red'],
    [[250, 140, 10], 'orange'],
    [[250, 230, 40], 'yellow'],
    [[40, 140, 50], 'green'],
    [[70, 90, 30], 'green'],
    [[40, 190, 190], 'turquoise'],
    [[40, 90, 200], 'blue'],
    [[130, 180, 230], 'blue'],
    [[120, 40, 150], 'purple'],
    [[250, 170, 190], 'pink'],
    [[110, 70, 40], 'brown'],
    [[220, 200, 165], 'beige'],
    [[128, 128, 128], 'grey'],
    [[250, 250, 250], 'white'],
    [[10, 10, 12], 'black'],
  ] as const)('%s is %s', ([r, g, b], name) => {
    expect(nameColour(...toLab(r, g, b))).toBe(name)
  })
  test('grey is monochrome, sepia is toned, a grey scene with one coloured lamp is neither', () => {
    expect(measureLight(fill([20, 20, 20], [128, 128, 128], [230, 230, 230])).monochrome).toBe('neutral')
    expect(measureLight(fill([60, 50, 38], [140, 125, 105], [205, 190, 168])).monochrome).toBe('toned')
    expect(measureLight(fill([128, 128, 128], [128, 128, 128], [200, 220, 30])).monochrome).toBe('no')
  })
  test('high key and low key', () => {
    expect(measureLight(fill([250, 250, 250], [235, 235, 240])).key).toBe('high')
    expect(measureLight(fill([8, 8, 8], [20, 22, 20])).key).toBe('low')
    expect(measureLight(fill([8, 8, 8], [250, 250, 250])).key).toBe('normal')
  })
  test('an empty picture does not divide by zero', () => {
    expect(measureLight(new Uint8Array()).colours).toEqual([])
  })
})

describe('text', () => {
  test('repeats are joined, blanks separate, the confidence is the mean of the characters', () => {
    const steps = [1, 1, 0, 1, 2]
    const scores = new Float32Array(steps.length * 4)
    for (const [step, best] of steps.entries()) scores[step * 4 + best] = 0.9
    const line = decodeCtc(scores, steps.length, 4, ['a', 'b'])
    expect(line.text).toBe('aab')
    expect(line.confidence).toBeCloseTo(0.9)
  })
  test('control, direction, zero-width and tag characters go', () => {
    expect(cleanText('EX\u202eIT\u0007 \u200b2\u{e0041}')).toBe('EX IT 2')
    expect([...cleanText('x'.repeat(500))]).toHaveLength(80)
  })
  test('fences and twigs are not text', () => {
    const noise = ['il', '|||', '一', '--', 'l1I', '00'].map((text) => ({ text, confidence: 0.93 }))
    expect(
      keepReadableLines([...noise, { text: 'Paris', confidence: 0.79 }, { text: 'EXIT', confidence: 0.9 }, { text: 'exit', confidence: 0.9 }]),
    ).toEqual([{ text: 'EXIT', confidence: 0.9 }])
  })
  test('a slanted line becomes one levelled box', () => {
    const width = 128
    const map = new Float32Array(width * width)
    for (let x = 20; x < 100; x++) for (let d = 0; d < 8; d++) map[(20 + Math.round(x * 0.4) + d) * width + x] = 0.9
    const boxes = findTextBoxes(map, width, width)
    expect(boxes).toHaveLength(1)
    expect(boxes[0]!.angle).toBeCloseTo(Math.atan(0.4), 1)
    expect(boxes[0]!.width).toBeGreaterThan(80)
  })
  test('the patch is cut where the box lies, blue first', () => {
    const pixels = new Uint8Array(3 * 32 * 32)
    for (let y = 10; y < 20; y++) for (let x = 4; x < 28; x++) pixels[3 * (y * 32 + x) + 2] = 255
    const { data, width } = samplePatch(pixels, { width: 32, height: 32 }, { x: 16, y: 15, angle: 0, width: 20, height: 8, score: 1 }, 48, 480)
    expect(width).toBe(120)
    expect(data[24 * width + 60]).toBeCloseTo(1)
    expect(data[2 * 48 * width + 24 * width + 60]).toBeCloseTo(-1)
  })
})

describe('when', () => {
  const madrid = () => 'Europe/Madrid'
  const oviedo = { latitude: 43.36, longitude: -5.85 }
  test('the sun over the place decides, not the hour: 21:30 in June in Oviedo is evening, in December night', () => {
    expect(findWhen({ ...oviedo, takenAt: '2024-06-15T21:30:00' }, madrid)).toEqual({ season: 'summer', daypart: 'evening', basis: 'sun' })
    expect(findWhen({ ...oviedo, takenAt: '2024-12-15T21:30:00' }, madrid)).toEqual({ season: 'winter', daypart: 'night', basis: 'sun' })
  })
  test('a zone written by the camera wins over the zone of the place', () => {
    expect(findWhen({ ...oviedo, takenAt: '2024-06-15T12:00:00+12:00', takenAtHasZone: true }, madrid)?.daypart).toBe('night')
  })
  test('seasons turn round in the south and do not exist in the tropics', () => {
    const auckland = { latitude: -36.8, longitude: 174.7, takenAt: '2024-01-10T13:30:00' }
    expect(findWhen(auckland, () => 'Pacific/Auckland')).toEqual({ season: 'summer', daypart: 'midday', basis: 'sun' })
    expect(findWhen({ latitude: 1.3, longitude: 103.8, takenAt: '2024-01-10T13:00:00' }, () => 'Asia/Singapore')?.season).toBeNull()
  })
  test('without a place there is no season, and the hour is the clock’s', () => {
    expect(findWhen({ takenAt: '2024-06-15T21:30:00' }, madrid)).toEqual({ season: null, daypart: 'evening', basis: 'clock' })
    expect(findWhen({ takenAt: '2024-06-15' }, madrid)?.daypart).toBeNull()
  })
  test.each(['', 'yesterday', '0000-00-00T00:00:00', '2024-13-40T25:00:00'])('no time at all: %s', (takenAt) => {
    expect(findWhen({ takenAt }, madrid)).toBeNull()
  })
  test('0, 0 is a camera without a fix, not the Gulf of Guinea', () => {
    expect(findWhen({ latitude: 0, longitude: 0, takenAt: '2024-06-15T12:30:00' }, madrid)?.basis).toBe('clock')
  })
})

describe('the town to name', () => {
  const town = (name: string, population: number, distanceKm: number, country = 'CN') => ({ name, population, distanceKm, country })
  test('a city wins over its district, a village over a far city', () => {
    expect(chooseTown([town('Haidian', 0, 2.1), town('Beijing', 11_716_620, 15.1)], 'CN')?.name).toBe('Beijing')
    expect(chooseTown([town('Zegama', 0, 2.4), town('Vitoria', 235_661, 32)], 'CN')?.name).toBe('Zegama')
  })
  test('a town across the border is not named', () => {
    expect(chooseTown([town('Konstanz', 84_000, 2, 'DE')], 'CH')).toBeUndefined()
  })
})
