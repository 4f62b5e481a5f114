import * as fc from 'fast-check'

/** Any UTF-16 text, lone surrogates and controls included, quick to make. */
export const anyText = (maxLength: number): fc.Arbitrary<string> =>
  fc
    .array(fc.oneof({ weight: 3, arbitrary: fc.nat(0x7f) }, fc.nat(0xffff), fc.constantFrom(0x200b, 0x202e, 0xdb40, 0xdc41, 0xfeff, 0x301)), {
      maxLength,
    })
    .map((units) => String.fromCharCode(...units))
