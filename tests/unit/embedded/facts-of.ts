import type { Facts } from '../../../src-main/embedded/facts.ts'

/** Facts of a grey picture of which nothing is known, with what the test adds. */
export function factsOf(known: Partial<Facts> = {}): Facts {
  return {
    objects: [],
    faces: [],
    text: [],
    light: { key: 'normal', contrast: 'normal', monochrome: 'no', warmth: 'neutral', colours: [{ name: 'grey', share: 0.9 }] },
    when: null,
    where: null,
    ...known,
  }
}

export const seen = (label: string, score: number, left = 0) => ({ label, score, box: { left, top: 0, right: left + 0.2, bottom: 0.5 } })
