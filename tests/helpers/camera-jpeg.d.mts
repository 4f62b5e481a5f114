export function withMpfPreview(jpeg: Buffer, preview: Buffer, type?: number): Buffer
export function withExifThumbnail(jpeg: Buffer, thumbnail: Buffer, orientation?: number): Buffer
