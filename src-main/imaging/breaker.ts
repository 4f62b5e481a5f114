/** Remembers which photos ended a decoder process, so that one bad file cannot do it for ever. Until restart. */
const CRASHES_ALLOWED = 2

export interface Breaker {
  isOpen(key: string): boolean
  noteCrash(key: string): void
}

export function createBreaker(): Breaker {
  const crashes = new Map<string, number>()
  return {
    isOpen: (key) => (crashes.get(key) ?? 0) >= CRASHES_ALLOWED,
    noteCrash: (key) => void crashes.set(key, (crashes.get(key) ?? 0) + 1),
  }
}
