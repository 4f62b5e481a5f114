import { InvalidArgumentError } from 'commander'

/** For an option that takes a whole number; anything else is wrong usage with the range in its sentence. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
  }
}

/** For an option that takes a number with or without a fraction. */
function realNumber(isRight: (value: number) => boolean, sentence: string): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text)
    if (Number.isFinite(value) && isRight(value)) return value
    throw new InvalidArgumentError(sentence)
  }
}

export const numberAboveZero = realNumber((value) => value > 0, 'It must be a number above 0.')
export const numberFromZero = realNumber((value) => value >= 0, 'It must be 0 or a number above it.')

export const portNumber = wholeNumber(0, 65_535)
