/** The pictures of the vision probe, drawn here: nothing that a model could have learnt by heart. Pure. */
import { crc32, deflateSync } from 'node:zlib'

type Colour = readonly [number, number, number]

/** Both edges; models refuse or blur pictures much smaller than this. */
export const PROBE_EDGE_PX = 224

const RED: Colour = [220, 20, 20]
const WHITE: Colour = [255, 255, 255]
const BLUE: Colour = [20, 40, 220]
const YELLOW: Colour = [255, 225, 0]

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, 'latin1'), data])
  const length = Buffer.alloc(4)
  length.writeUInt32BE(data.length)
  const check = Buffer.alloc(4)
  check.writeUInt32BE(crc32(body))
  return Buffer.concat([length, body, check])
}

/** PNG (https://www.w3.org/TR/png-3/), 8 bit RGB, no filter. */
function encodePng(edgePx: number, colourAt: (x: number, y: number) => Colour): Buffer {
  const rows = Buffer.alloc(edgePx * (1 + edgePx * 3))
  for (let y = 0; y < edgePx; y++) {
    for (let x = 0; x < edgePx; x++) rows.set(colourAt(x, y), y * (1 + edgePx * 3) + 1 + x * 3)
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(edgePx, 0)
  header.writeUInt32BE(edgePx, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])
  return Buffer.concat([signature, chunk('IHDR', header), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))])
}

const middle = (PROBE_EDGE_PX - 1) / 2
const inDisc = (x: number, y: number) => Math.hypot(x - middle, y - middle) <= PROBE_EDGE_PX * 0.32
const inSquare = (x: number, y: number) => Math.max(Math.abs(x - middle), Math.abs(y - middle)) <= PROBE_EDGE_PX * 0.3

export interface ProbePicture {
  png: Buffer
  /** A right answer holds a word of each list, and none of the last. */
  colour: RegExp
  shape: RegExp
  wrong: RegExp
}

export function drawProbePictures(): readonly [ProbePicture, ProbePicture] {
  return [
    {
      png: encodePng(PROBE_EDGE_PX, (x, y) => (inDisc(x, y) ? RED : WHITE)),
      colour: /\b(red|crimson|scarlet)\b/,
      shape: /\b(circle|circular|disc|disk|dot|ball|round|sphere)\b/,
      wrong: /\b(blue|green|square|rectangle|triangle)\b/,
    },
    {
      png: encodePng(PROBE_EDGE_PX, (x, y) => (inSquare(x, y) ? BLUE : YELLOW)),
      colour: /\bblue\b/,
      shape: /\b(square|rectangle|rectangular|box|block|cube)\b/,
      wrong: /\b(red|green|circle|circular|disc|disk|triangle)\b/,
    },
  ]
}
