/** What the owner asks of the imaging worker, by method name. Everything here travels between processes. */
import type { PhotoKind } from '../contract/model.ts'
import type { Strictness } from '../mono/presets.ts'

export interface LookCall {
  path: string
  kind: PhotoKind
}

export interface ThumbTarget {
  longEdge: number
  /** Absolute path of the file to make. */
  target: string
}

export interface ThumbsCall {
  path: string
  kind: PhotoKind
  wanted: ThumbTarget[]
  /** Made too when the main picture has to be decoded anyway. */
  alsoIfDecoded: ThumbTarget[]
}

export interface ModelViewCall {
  path: string
  kind: PhotoKind
  longEdge: number
  target: string
}

export interface MonoCall {
  path: string
  kind: PhotoKind
  strictness: Strictness
}

/** A picture that lies in no file. */
export interface SmallerCall {
  bytes: Uint8Array
  longEdge: number
  /** JPEG quality, 10 to 100. */
  quality: number
}

export interface MadeFile {
  file: string
  sizeBytes: number
  width: number
  height: number
}

/** Every answer: the value, and what the owner needs to end the process well. */
export interface WorkerAnswer<T> {
  value: T
  rssBytes: number
  /** Processes that the worker started and that would outlive its sudden end. */
  helperPids: readonly number[]
}
