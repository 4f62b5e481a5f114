/** Text in the picture by PP-OCRv4 (detector, then reader a line). Runs in the embedded worker; loaded on first use (about 0.3 s). */
import type { InferenceSession } from 'onnxruntime-node'
import sharp from 'sharp'
import type { TextLine } from './facts.ts'
import type { Pixels } from './pixels.ts'
import { findTextBoxes, samplePatch } from './text-boxes.ts'
import { decodeCtc, keepReadableLines } from './text-lines.ts'
import type { WeightSource } from './weights.ts'

const DETECTOR_LONG_EDGE_PX = 960
const READER_HEIGHT_PX = 48
const READER_LARGEST_WIDTH_PX = 48 * 24
const MEAN = [0.485, 0.456, 0.406] as const
const DEVIATION = [0.229, 0.224, 0.225] as const

export interface TextReader {
  /** @param goOn Called before each line; throws to stop. */
  read(picture: Pixels, goOn: () => void): Promise<TextLine[]>
}

export async function loadTextReader(weights: WeightSource): Promise<TextReader> {
  const { InferenceSession, Tensor } = await import('onnxruntime-node')
  // One thread: two are slower for the detector, and the other core belongs to the rest of the studio.
  const open = (file: Parameters<WeightSource['read']>[0]): Promise<InferenceSession> =>
    InferenceSession.create(weights.read(file), { intraOpNumThreads: 1, interOpNumThreads: 1, logSeverityLevel: 3 })
  const detector = await open('ch_PP-OCRv4_det_infer.onnx')
  const reader = await open('ch_PP-OCRv4_rec_infer.onnx')
  const characters = weights
    .read('ppocr_keys_v1.txt')
    .toString('utf8')
    .replace(/\r?\n$/, '')
    .split(/\r?\n/)

  const runOne = async (session: InferenceSession, data: Float32Array, shape: readonly number[]) => {
    const output = (await session.run({ [session.inputNames[0]!]: new Tensor('float32', data, shape) }))[session.outputNames[0]!]!
    return { data: output.data as Float32Array, shape: output.dims }
  }

  return {
    async read(picture, goOn) {
      const scale = Math.min(1, DETECTOR_LONG_EDGE_PX / Math.max(picture.width, picture.height))
      // The network halves the picture five times.
      const width = Math.max(32, Math.round((picture.width * scale) / 32) * 32)
      const height = Math.max(32, Math.round((picture.height * scale) / 32) * 32)
      const small = await sharp(picture.bytes, { raw: { width: picture.width, height: picture.height, channels: 3 } })
        .resize(width, height, { fit: 'fill' })
        .raw()
        .toBuffer()
      const map = await runOne(detector, toDetectorInput(small, width * height), [1, 3, height, width])
      const lines: TextLine[] = []
      for (const box of findTextBoxes(map.data, width, height)) {
        goOn()
        const scaleX = picture.width / width
        const scaleY = picture.height / height
        const full = { ...box, x: box.x * scaleX, y: box.y * scaleY, width: box.width * scaleX, height: box.height * scaleY }
        const patch = samplePatch(picture.bytes, picture, full, READER_HEIGHT_PX, READER_LARGEST_WIDTH_PX)
        const scores = await runOne(reader, patch.data, [1, 3, READER_HEIGHT_PX, patch.width])
        lines.push(decodeCtc(scores.data, scores.shape[1]!, scores.shape[2]!, characters))
      }
      return keepReadableLines(lines)
    },
  }
}

/** Blue first, as the detector was trained, each plane with the mean and deviation of its place. */
function toDetectorInput(rgb: Uint8Array, pixelCount: number): Float32Array {
  const data = new Float32Array(3 * pixelCount)
  for (let plane = 0; plane < 3; plane++) {
    const channel = 2 - plane
    for (let i = 0; i < pixelCount; i++) data[plane * pixelCount + i] = (rgb[3 * i + channel]! / 255 - MEAN[plane]!) / DEVIATION[plane]!
  }
  return data
}
