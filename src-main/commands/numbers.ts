import { InvalidArgumentError } from 'commander'

/** For an option that takes a whole number; anything else is wrong usage with the range in its sentence. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d{1,9}$/.test(text.trim()) ? Number(text) : Number.NaN
    if (value >= min && value <= max) return value
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`)
  }
}

export const portNumber = wholeNumber(0, 65_535)
