/** Objects and faces by two small networks on the WebAssembly backend. Runs in the embedded worker; loaded on first use (about 0.3 s). */
import { createRequire } from 'node:module'
import path from 'node:path'
import type { GraphModel } from '@tensorflow/tfjs-converter'
import type { Tensor } from '@tensorflow/tfjs-core'
import sharp from 'sharp'
import { mergeViews, type ViewFrame, type ViewRows } from './detections.ts'
import { decodeFaces, FACE_INPUT_PX } from './face-boxes.ts'
import type { DetectedObject } from './facts.ts'
import type { Pixels } from './pixels.ts'
import type { WeightSource } from './weights.ts'

const requireFrom = createRequire(import.meta.url)

const OBJECT_INPUT_PX = 512
/** The picture as it is, mirrored, and smaller: the detector knows big subjects better when they do not fill its square. */
const VIEWS = [
  { scale: 1, mirrored: false },
  { scale: 1, mirrored: true },
  { scale: 0.7, mirrored: false },
] as const
const GREY = { r: 128, g: 128, b: 128 }

export interface GraphDetector {
  findObjects(picture: Pixels): Promise<DetectedObject[]>
  /** Scores of the human faces. */
  findFaces(picture: Pixels): Promise<number[]>
}

export async function loadGraphDetector(weights: WeightSource): Promise<GraphDetector> {
  // By require: these packages are CommonJS inside, and only so do they see one common engine.
  const tf = requireFrom('@tensorflow/tfjs-core') as typeof import('@tensorflow/tfjs-core')
  const { loadGraphModel } = requireFrom('@tensorflow/tfjs-converter') as typeof import('@tensorflow/tfjs-converter')
  const wasm = requireFrom('@tensorflow/tfjs-backend-wasm') as typeof import('@tensorflow/tfjs-backend-wasm')
  wasm.setWasmPaths(path.dirname(requireFrom.resolve('@tensorflow/tfjs-backend-wasm')) + path.sep)
  await tf.setBackend('wasm')
  await tf.ready()

  const load = (name: 'centernet' | 'blazeface'): Promise<GraphModel> => {
    const graph = JSON.parse(weights.read(`${name}.json`).toString('utf8'))
    const bytes = weights.read(`${name}.bin`)
    return loadGraphModel({
      load: async () => ({
        modelTopology: graph.modelTopology,
        format: graph.format,
        weightSpecs: graph.weightsManifest.flatMap((group: { weights: unknown[] }) => group.weights),
        weightData: bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer,
      }),
    })
  }
  const objects = await load('centernet')
  const faces = await load('blazeface')

  const rowsOf = (tensor: Tensor) => tensor.arraySync() as number[][]

  const lookAt = async (picture: Pixels, view: (typeof VIEWS)[number]): Promise<ViewRows> => {
    const { bytes, frame } = await letterbox(picture, OBJECT_INPUT_PX, view.scale, view.mirrored)
    const rows = tf.tidy(() => {
      const input = tf.tensor4d(Float32Array.from(bytes), [1, OBJECT_INPUT_PX, OBJECT_INPUT_PX, 3])
      return rowsOf(tf.squeeze(objects.execute(input, 'tower_0/detections') as Tensor, [0]))
    })
    return { frame, rows }
  }

  return {
    async findObjects(picture) {
      const seen: ViewRows[] = []
      for (const view of VIEWS) seen.push(await lookAt(picture, view))
      return mergeViews(seen)
    },
    async findFaces(picture) {
      const { bytes } = await letterbox(picture, FACE_INPUT_PX, 1, false)
      const rows = tf.tidy(() => {
        const input = tf.tensor4d(
          Float32Array.from(bytes, (value) => value / 127.5 - 1),
          [1, FACE_INPUT_PX, FACE_INPUT_PX, 3],
        )
        // Four outputs: logits (1 a row) and boxes (16 a row) of the fine grid (512 rows) and of the coarse one (384).
        const bySize = (faces.execute(input) as Tensor[]).toSorted((a, b) => a.size - b.size)
        const fine = tf.concat([bySize[1]!, bySize[3]!], 2)
        const coarse = tf.concat([bySize[0]!, bySize[2]!], 2)
        return rowsOf(tf.squeeze(tf.concat([fine, coarse], 1), [0]))
      })
      return decodeFaces(rows)
    },
  }
}

/** The picture in the middle of a grey square, its proportions kept. */
async function letterbox(picture: Pixels, sidePx: number, scale: number, mirrored: boolean): Promise<{ bytes: Uint8Array; frame: ViewFrame }> {
  const factor = (sidePx * scale) / Math.max(picture.width, picture.height)
  const width = Math.max(1, Math.round(picture.width * factor))
  const height = Math.max(1, Math.round(picture.height * factor))
  const left = Math.floor((sidePx - width) / 2)
  const top = Math.floor((sidePx - height) / 2)
  const bytes = await sharp(picture.bytes, { raw: { width: picture.width, height: picture.height, channels: 3 } })
    .resize(width, height, { fit: 'fill' })
    .flop(mirrored)
    .extend({ left, top, right: sidePx - width - left, bottom: sidePx - height - top, background: GREY })
    .raw()
    .toBuffer()
  return { bytes, frame: { left, top, width, height, mirrored } }
}
