/** `--port abc` must be wrong usage, not a stack trace or a random port. */
import { InvalidArgumentError } from 'commander'
import { expect, it } from 'vitest'
import { numberAboveZero, numberFromZero, portNumber, wholeNumber } from '../../../src-main/commands/numbers.ts'

it.each(['-1', '8100.5', 'abc', '70000', '', '1e3', '0x10'])('%j is no port', (text) => {
  expect(() => portNumber(text)).toThrow(InvalidArgumentError)
})
it.each(['0', '-1', 'abc', '', ' ', 'NaN', 'Infinity', '1e999'])('%j is no number above 0', (text) => {
  expect(() => numberAboveZero(text)).toThrow(InvalidArgumentError)
})
it('what is in the range is taken', () => {
  expect([portNumber('0'), portNumber('65535'), wholeNumber(1, 100)(' 7 '), numberAboveZero('0.5'), numberFromZero('0')]).toEqual([
    0, 65_535, 7, 0.5, 0,
  ])
})
