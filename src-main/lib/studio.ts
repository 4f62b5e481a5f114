/** The composed studio as its hosts see it: one door for requests, one stream of events, and the few doors that take paths, for hosts only. */
import type { Envelope } from '../contract/envelope.ts'
import type { StudioEvent } from '../contract/events.ts'
import type { ImportSummary, MetadataSnapshot, PhotoSummary } from '../contract/model.ts'
import type { Handlers } from '../contract/routes/index.ts'

export interface Studio {
  /** For transports: unchecked input in, envelope out. Never rejects. */
  dispatch(name: string, input: unknown): Promise<Envelope<unknown>>
  /** For the command line: typed, rejects with StudioError. */
  handlers: Handlers
  /** Returns its own undo. */
  subscribe(listener: (event: StudioEvent) => void): () => void
  /** File of a cached picture. @throws StudioError */
  thumbnail(photoId: number, size: number): Promise<{ file: string; contentType: string }>
  /** The JPEG that a model was sent of this photo, byte for byte, with that long edge in pixels. @throws StudioError */
  modelView(photoId: number, longEdge: number): Promise<Uint8Array>
  /** Doors for hosts, which know real paths. Nothing here is reachable from a window. */
  paths: {
    admit(absolutePath: string): string
    /** Imports and waits for the end. */
    importAll(absolutePaths: readonly string[], recursive: boolean, onProgress?: (summary: ImportSummary) => void): Promise<ImportSummary>
    /** Imported photos that are one of these files or lie below one of these folders, by path. */
    photosUnder(absolutePaths: readonly string[]): PhotoSummary[] | Promise<PhotoSummary[]>
    readMetadata(absolutePath: string): Promise<MetadataSnapshot>
  }
  /** Tells a second start where this one is to be found. */
  announce(url: string): void
  stop(): Promise<void>
  /** Ends the model servers by force, closes the database and frees the data folder, for a host that ends in the same moment and waits for nothing. */
  abandon(): void
}

/** What a studio answers from another process too: a command that is typed beside a window. */
export interface AskedStudio {
  /** Typed, rejects with StudioError. */
  handlers: Handlers
  paths: Pick<Studio['paths'], 'importAll' | 'photosUnder' | 'readMetadata'>
  /** Only of a studio in this process. */
  subscribe?: Studio['subscribe']
}

/** Where a running studio is asked, and the key that shows that the asker may read its data folder. */
export interface DeskNote {
  /** Origin on loopback. */
  address: string
  key: string
}
