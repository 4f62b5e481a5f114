/** JPEGs as cameras write them: a large preview beside the picture (Multi-Picture Format) or a thumbnail in the EXIF block. */

/** @param {Buffer} payload @param {number} marker */
function segment(marker, payload) {
  const head = Buffer.from([0xff, marker, 0, 0])
  head.writeUInt16BE(payload.length + 2, 2)
  return Buffer.concat([head, payload])
}

/** @param {number} tag @param {number} type @param {number} count @param {number} value */
function entry(tag, type, count, value) {
  const bytes = Buffer.alloc(12)
  bytes.writeUInt16LE(tag, 0)
  bytes.writeUInt16LE(type, 2)
  bytes.writeUInt32LE(count, 4)
  bytes.writeUInt32LE(value, 8)
  return bytes
}

const TIFF_HEAD = Buffer.from([0x49, 0x49, 42, 0, 8, 0, 0, 0])
const u16 = (/** @type {number} */ value) => Buffer.from([value & 255, value >> 8])
const u32 = (/** @type {number} */ value) => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32LE(value)
  return bytes
}

/**
 * The JPEG with `preview` appended and listed in an MPF segment.
 * @param {Buffer} jpeg @param {Buffer} preview @param {number} [type] MPF type of the second picture: 0x010001 preview, 0 a gain map.
 * @returns {Buffer}
 */
export function withMpfPreview(jpeg, preview, type = 0x010001) {
  const build = (/** @type {number} */ previewOffset, /** @type {number} */ mainBytes) =>
    segment(
      0xe2,
      Buffer.concat([
        Buffer.from('MPF\0', 'latin1'),
        TIFF_HEAD,
        u16(3),
        entry(0xb000, 7, 4, 0x30303130),
        entry(0xb001, 4, 1, 2),
        entry(0xb002, 7, 32, 50),
        u32(0),
        ...[0x20030000, mainBytes, 0, 0].map(u32),
        ...[type, preview.length, previewOffset, 0].map(u32),
      ]),
    )
  const mainBytes = jpeg.length + build(0, 0).length
  // Offsets count from the TIFF head inside the segment: 2 (SOI) + 4 (marker, length) + 4 (MPF\0) bytes into the file.
  return Buffer.concat([jpeg.subarray(0, 2), build(mainBytes - 10, mainBytes), jpeg.subarray(2), preview])
}

/**
 * The JPEG with an EXIF block that holds an orientation and a thumbnail. The input must not hold EXIF.
 * @param {Buffer} jpeg @param {Buffer} thumbnail @param {number} [orientation]
 * @returns {Buffer}
 */
export function withExifThumbnail(jpeg, thumbnail, orientation = 1) {
  const secondAt = 8 + 2 + 12 + 4
  const thumbnailAt = secondAt + 2 + 36 + 4
  const tiff = Buffer.concat([
    TIFF_HEAD,
    u16(1),
    entry(0x0112, 3, 1, orientation),
    u32(secondAt),
    u16(3),
    entry(0x0103, 3, 1, 6),
    entry(0x0201, 4, 1, thumbnailAt),
    entry(0x0202, 4, 1, thumbnail.length),
    u32(0),
    thumbnail,
  ])
  return Buffer.concat([jpeg.subarray(0, 2), segment(0xe1, Buffer.concat([Buffer.from('Exif\0\0', 'latin1'), tiff])), jpeg.subarray(2)])
}
