/** `--port abc` must be wrong usage, not a stack trace or a random port. */
import { InvalidArgumentError } from 'commander'
import { expect, it } from 'vitest'
import { portNumber, wholeNumber } from '../../../src-main/commands/numbers.ts'

it.each(['-1', '8100.5', 'abc', '70000', '', '1e3', '0x10'])('%j is no port', (text) => {
  expect(() => portNumber(text)).toThrow(InvalidArgumentError)
})
it('what is in the range is taken', () => {
  expect([portNumber('0'), portNumber('65535'), wholeNumber(1, 100)(' 7 ')]).toEqual([0, 65_535, 7])
})
