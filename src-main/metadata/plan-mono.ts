/** What becomes of the mono verdict: its own fields, and one keyword where the settings ask for it. Pure. */
import { type MetadataSnapshot, MONO_FIELDS, type MonoWords, type PlanChange } from '../contract/model.ts'
import type { WantedFields } from './ports.ts'

const MARK = 'mono:verdict:'
const VERDICT_WORDS = ['pass', 'pass_with_query', 'fail'].map((verdict) => MARK + verdict)

/** The one keyword of the verdict; those of other verdicts go, however many an earlier program left. */
export function withMonoKeyword(wish: WantedFields['keywords'], { verdict }: MonoWords): NonNullable<WantedFields['keywords']> {
  const { list, add, remove, proposed = [] } = wish ?? { list: null, add: [], remove: [] }
  const word = MARK + verdict
  const isVerdict = (each: string) => VERDICT_WORDS.includes(each.trim().toLowerCase())
  // By the checker, not by a model: what the settings say about proposed words does not hold for it.
  return {
    list: list?.filter((each) => !isVerdict(each)) ?? null,
    add: [...add.filter((each) => !isVerdict(each)), word],
    remove: [...remove.filter((each) => !isVerdict(each)), ...VERDICT_WORDS.filter((each) => each !== word)],
    proposed: proposed.filter((each) => !isVerdict(each)),
  }
}

export function monoChanges(current: MetadataSnapshot, { verdict, mode, strictness }: MonoWords): PlanChange[] {
  const wanted = { monoVerdict: verdict, monoMode: mode, monoStrictness: strictness }
  return MONO_FIELDS.filter((field) => current[field] !== wanted[field]).map((field) => ({ field, from: current[field], to: wanted[field] }))
}
