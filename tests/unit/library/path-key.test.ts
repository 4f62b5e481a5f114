import { describe, expect, it } from 'vitest'
import { EXACT, pathKey, possiblePathKeys, searchKey } from '../../../src-main/library/path-key.ts'

describe('the key of a path', () => {
  it('joins exactly the spellings that the volume takes for one file', () => {
    expect(pathKey('/A/é.JPG', EXACT)).toBe('/A/é.JPG')
    expect(pathKey('/A/e\u0301.jpg', EXACT)).not.toBe(pathKey('/A/\u00e9.jpg', EXACT))
    const mac = { case: true, normalForm: true }
    expect(pathKey('/A/E\u0301.jpg', mac)).toBe(pathKey('/a/\u00e9.JPG', mac))
    const windows = { case: true, normalForm: false }
    expect(pathKey('/A/E\u0301.jpg', windows)).not.toBe(pathKey('/a/\u00e9.JPG', windows))
  })

  it('of a folded volume never meets a path of an exact one', () => {
    expect(pathKey('/a/b.jpg', { case: true, normalForm: false })).not.toBe(pathKey('/a/b.jpg', EXACT))
    expect(new Set(possiblePathKeys('/a/b.jpg')).size).toBe(4)
    expect(possiblePathKeys('/a/b.jpg')[0]).toBe('/a/b.jpg')
  })

  it('of a search has one form for all spellings and no line breaks', () => {
    expect(searchKey('E\u0301t\u00c9\nx')).toBe('\u00e9t\u00e9 x')
  })
})
