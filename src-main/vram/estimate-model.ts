/** What it takes to run a model of the registry: every term from the surest figure that is known, each with its source. Pure. */
import { type ImageRule, IMAGE_RULES, imageTokens, largestImage, LLAMACPP_MAX_PIXELS } from './image-tokens.ts'
import { type ModelShape, knownModel } from './known-models.ts'
import { headerShape } from './header-figures.ts'
import { kvCacheBytes } from './kv-cache.ts'
import { modelWeights } from './model-weights.ts'
import type { VramEntry } from './ports.ts'
import { kvBytesPerElement } from './precision.ts'
import {
  COLLECTIVE_BYTES,
  CUDA_GRAPH_BYTES,
  DEVICE_CONTEXT_BYTES,
  llamaComputeBytes,
  pagedComputeBytes,
  UNKNOWN_COMPUTE_BYTES,
  UNKNOWN_ENCODER_BYTES,
} from './runtime-buffers.ts'
import { type Figure, type FigureSource, servingFigures, type ServingFigures, type ServingWish } from './serving-figures.ts'
import { encoderBytes, patchCount, visionTowerParams, type VisionTower } from './vision-tower.ts'

export type PartName = 'weights' | 'kv' | 'compute' | 'encoder' | 'graphs' | 'context' | 'collectives'

export interface EstimatePart {
  part: PartName
  /** Over all cards. */
  bytes: number
  source: FigureSource
}

export interface MissingFigure {
  figure: 'weights' | 'layers' | 'contextTokens' | 'backend'
  /** One sentence on what would tell it. */
  remedy: string
}

export interface ModelWish extends ServingWish {
  /** Sum of the weight files, where somebody has looked; else the entry's own figure counts. */
  fileBytes?: number | null | undefined
  /** Default true. Older servers work without. */
  flashAttention?: boolean | undefined
}

export interface KnownEstimate {
  known: true
  parts: EstimatePart[]
  /** Sum of the parts. */
  totalBytes: number
  /** Of the fullest card. */
  perGpuBytes: number
  needMb: number
  /** Part of the weights, for telling them apart; 0 when the model sees nothing. */
  visionTowerBytes: number
  contextTokens: Figure
  /** Never above; undefined when the model does not say. */
  trainedTokens: number | undefined
  serving: ServingFigures
  /** Tokens of one picture of the size that the entry sends; null when it sees none or its family is unknown. */
  imageTokens: number | null
}

export type ModelEstimate = KnownEstimate | { known: false; missing: MissingFigure[] }

const MIB = 2 ** 20
/** Backends that use no card of ours: the processor, or somebody else's machine. */
const ELSEWHERE = new Set(['embedded', 'onnx', 'remote'])
const RESERVING = new Set(['vllm', 'lmdeploy'])
const LLAMA = new Set(['llamacpp', 'gguf', 'ollama'])

const SEES = ['vision', 'multimodal', 'mm', 'image', 'visual']

interface Known {
  shape: ModelShape
  /** Of the shape as a whole: `table` as soon as one field had to come from there. */
  source: FigureSource
}

function shapeOf(entry: VramEntry): Known {
  const header = headerShape(entry.metadata, entry.family)
  const table = knownModel([String(entry.source['huggingface_id'] ?? ''), entry.served_model_id, entry.name])
  const complete = header.layers !== undefined && header.kvHeads !== undefined && header.keyDim !== undefined && header.hidden !== undefined
  // A header tells less of its tower than the table of that very tower.
  const same = header.vision === undefined || (table?.vision?.layers === header.vision.layers && table.vision.hidden === header.vision.hidden)
  const vision = same ? (table?.vision ?? header.vision) : header.vision
  // An encoder's share is in the table alone; the header counts the decoder.
  const layers = table?.crossLayers === undefined ? (header.layers ?? table?.layers) : table.layers
  return { shape: { ...table, ...header, ...(vision && { vision }), ...(layers !== undefined && { layers }) }, source: complete ? 'header' : 'table' }
}

const ruleOf = (shape: ModelShape): ImageRule | undefined => (shape.imageRule === undefined ? undefined : IMAGE_RULES[shape.imageRule])

/** Long edge of a picture as it is sent when the entry says nothing. */
const USUAL_LONG_EDGE = 1536

function pictureOf(entry: VramEntry): { width: number; height: number } {
  const width = entry.image_policy.long_edge ?? USUAL_LONG_EDGE
  return { width, height: Math.round((width * 2) / 3) }
}

function encoderPart(entry: VramEntry, shape: ModelShape, serving: ServingFigures, source: FigureSource, flashAttention: boolean): EstimatePart[] {
  if (!SEES.some((key) => entry.capabilities[key] === true)) return []
  const rule = ruleOf(shape)
  if (shape.vision === undefined || rule === undefined) return [{ part: 'encoder', bytes: UNKNOWN_ENCODER_BYTES, source: 'assumed' }]
  const reserving = RESERVING.has(entry.backend)
  const cap = LLAMA.has(entry.backend) ? Math.min(LLAMACPP_MAX_PIXELS, serving.maxPixels ?? LLAMACPP_MAX_PIXELS) : serving.maxPixels
  const size = largestImage(rule, cap)
  const work = encoderBytes(shape.vision, patchCount(shape.vision, size.pixels), { flashAttention, bytesPerNumber: reserving ? 2 : 4 })
  // A server that profiles keeps a place for the largest picture's result, for each merger that feeds a layer.
  const kept = reserving ? size.tokens * (shape.hidden ?? 0) * (1 + shape.vision.deepstack) * 2 : 0
  return [{ part: 'encoder', bytes: work + kept, source }]
}

function computePart(
  entry: VramEntry,
  shape: ModelShape,
  load: { contextTokens: number; serving: ServingFigures; flashAttention: boolean },
): number | undefined {
  const { vocab, hidden, heads, ffn } = shape
  if (vocab === undefined || hidden === undefined || heads === undefined) return undefined
  const text = { vocab, hidden, heads, ffn }
  const batchTokens = load.serving.batchTokens.value
  return LLAMA.has(entry.backend)
    ? llamaComputeBytes(text, { batchTokens, contextTokens: load.contextTokens, flashAttention: load.flashAttention })
    : pagedComputeBytes(text, batchTokens)
}

function crossTokens(entry: VramEntry, rule: ImageRule | undefined): number {
  if (rule?.kind === 'cross') return imageTokens(rule, pictureOf(entry)).tokens
  return rule?.kind === 'fixed' ? rule.tokens : 0
}

/** Largest share of `whole` that one of `cards` holds: weights split evenly, cache by whole KV heads, the rest is on each. */
function perGpu(parts: readonly EstimatePart[], cards: number, kvHeads: number): number {
  return parts.reduce((sum, { part, bytes }) => {
    if (part === 'weights') return sum + bytes / cards
    if (part === 'kv') return sum + bytes / Math.min(cards, kvHeads)
    return part === 'context' || part === 'collectives' ? sum + bytes / cards : sum + bytes
  }, 0)
}

const nothing = (serving: ServingFigures): KnownEstimate => ({
  known: true,
  parts: [],
  totalBytes: 0,
  perGpuBytes: 0,
  needMb: 0,
  visionTowerBytes: 0,
  contextTokens: serving.contextTokens ?? { value: 0, source: 'assumed' },
  trainedTokens: undefined,
  serving,
  imageTokens: null,
})

/**
 * Memory for serving `entry` as it says, or as the caller wishes. A figure that decides the answer and is not known blocks it; smaller
 * ones are assumed and marked so. The context is cut to what the model was trained for.
 * @throws StudioError `invalid-request` for a wish that is no number above 0, or a KV type that nobody knows.
 */
export function estimateModel(entry: VramEntry, wish: ModelWish = {}): ModelEstimate {
  const serving = servingFigures(entry, wish)
  if (ELSEWHERE.has(entry.backend)) return nothing(serving)
  const { shape, source } = shapeOf(entry)
  const weights = modelWeights({
    fileBytes: wish.fileBytes ?? entry.download_size_bytes,
    quantization: entry.quantization,
    shape,
  })
  const { layers, kvHeads, keyDim, trainedTokens } = shape
  const missing: MissingFigure[] = []
  if (!LLAMA.has(entry.backend) && !RESERVING.has(entry.backend))
    missing.push({ figure: 'backend', remedy: 'The entry names no backend that loads it.' })
  if (!weights) missing.push({ figure: 'weights', remedy: 'Download the model, or give its parameters and a known quantization.' })
  if (layers === undefined || kvHeads === undefined || keyDim === undefined)
    missing.push({ figure: 'layers', remedy: 'Scan the model, so that layers, KV heads and head size are read from its header.' })
  if (!serving.contextTokens) missing.push({ figure: 'contextTokens', remedy: 'Say how many tokens of context it is to have.' })
  if (!weights || layers === undefined || kvHeads === undefined || keyDim === undefined || !serving.contextTokens || missing.length > 0) {
    return { known: false, missing }
  }
  const contextTokens =
    trainedTokens !== undefined && trainedTokens < serving.contextTokens.value ? { value: trainedTokens, source } : serving.contextTokens
  const flashAttention = wish.flashAttention ?? true
  const rule = ruleOf(shape)
  const sliding =
    shape.slidingLayers !== undefined && shape.slidingWindow !== undefined ? { layers: shape.slidingLayers, windowTokens: shape.slidingWindow } : null
  const kv = kvCacheBytes(
    { layers, kvHeads, keyDim, valueDim: shape.valueDim ?? keyDim, sliding, crossLayers: shape.crossLayers ?? 0 },
    {
      contextTokens: contextTokens.value,
      slots: serving.slots.value,
      keyBytes: kvBytesPerElement(serving.keyType.value),
      valueBytes: kvBytesPerElement(serving.valueType.value),
      batchTokens: serving.batchTokens.value,
      crossTokens: crossTokens(entry, rule) * serving.slots.value,
    },
  )
  const cards = serving.gpuCount.value
  const compute = computePart(entry, shape, { contextTokens: contextTokens.value, serving, flashAttention })
  const parts: EstimatePart[] = [
    { part: 'weights', bytes: weights.bytes.value, source: weights.bytes.source },
    { part: 'kv', bytes: kv, source },
    { part: 'compute', bytes: compute ?? UNKNOWN_COMPUTE_BYTES, source: compute === undefined ? 'assumed' : source },
    ...encoderPart(entry, shape, serving, source, flashAttention),
    ...(serving.cudaGraphs ? [{ part: 'graphs', bytes: CUDA_GRAPH_BYTES, source: 'assumed' } as const] : []),
    { part: 'context', bytes: DEVICE_CONTEXT_BYTES * cards, source: 'assumed' },
    ...(cards > 1 ? [{ part: 'collectives', bytes: COLLECTIVE_BYTES * cards, source: 'assumed' } as const] : []),
  ]
  const totalBytes = parts.reduce((sum, { bytes }) => sum + bytes, 0)
  return {
    known: true,
    parts,
    totalBytes,
    perGpuBytes: cards > 1 ? perGpu(parts, cards, kvHeads) : totalBytes,
    needMb: Math.ceil(totalBytes / MIB),
    visionTowerBytes: towerBytes(shape.vision, weights.towerBytesPerParam),
    contextTokens,
    trainedTokens,
    serving,
    imageTokens: rule && shape.vision ? imageTokens(rule, pictureOf(entry), serving.maxPixels).tokens : null,
  }
}

const towerBytes = (tower: VisionTower | undefined, bytesPerParam: number) => (tower ? visionTowerParams(tower) * bytesPerParam : 0)
