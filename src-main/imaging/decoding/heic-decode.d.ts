/** The package comes without types. */
declare module 'heic-decode' {
  /** Decodes the first picture of a HEIC file, its own turn applied, to 8-bit RGBA in the picture's own colour profile. */
  const decode: (input: { buffer: Uint8Array }) => Promise<{ width: number; height: number; data: Uint8ClampedArray }>
  export default decode
}
