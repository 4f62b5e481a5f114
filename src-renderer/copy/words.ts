/** The words of the window in the language in use. A second language is a second object of type Words. */
import { EN } from './en/words.ts'

export type Words = typeof EN
export const words: Words = EN
