/** What becomes of the flat keywords and their tree. Pure. */
import type { MetadataSnapshot, Plan, PlanChange } from '../contract/model.ts'
import { DIGIKAM_TAG, KEYWORD_PLACES } from './fields.ts'
import { addKeywords, keywordKey, removeKeywords } from './keyword-sets.ts'
import { changeTree, digikamTags, flatRemovals, flatWords, isPath, putLast, withoutPaths } from './keyword-trees.ts'
import { cutFor, embeddedPlaces, placesDisagree } from './mirrors.ts'
import type { HeldTag, WantedFields } from './ports.ts'
import type { WritingRules } from './writing-rules.ts'

export function keywordChanges(
  current: MetadataSnapshot,
  wish: NonNullable<WantedFields['keywords']>,
  target: Plan['target'],
  rules: WritingRules,
  held: HeldTag,
): PlanChange[] {
  const { flat, tree, digikamTags: keepsDigikam } = rules.keywords
  const { list, add, removed } = applyKeywordPolicy(wish, current, rules)
  if (list === null && add.length === 0 && removed.length === 0) return []
  const from = current.keywords
  const fromTree = current.hierarchicalKeywords
  const kept = list === null ? foldEmbeddedKeywords(current, target) : addKeywords([], flatWords(list, flat))
  const gone = flatRemovals(fromTree, removed, flatWords([...(list ?? []), ...add], flat))
  const goneKeys = new Set(gone.map(keywordKey))
  const added = putLast(flatWords(add, flat), (word) => goneKeys.has(keywordKey(word)))
  const to = addKeywords(removeKeywords(kept, gone), added)
  const left = new Set(to.map(keywordKey))
  const isGone = (word: string) => !left.has(keywordKey(word))
  const toTree = changeTree(
    fromTree,
    {
      added: [...(list ?? []), ...add],
      removed: [...removed.filter((word) => isPath(word) || isGone(word)), ...from.filter(isGone)],
      flat: to,
    },
    tree,
  )
  const heldTags = asHeldList(held(DIGIKAM_TAG))
  const isElsewhere = keepsDigikam && !sameWords(heldTags, digikamTags(heldTags, toTree, to))
  const changes: PlanChange[] = []
  if (!sameWords(from, to) || isElsewhere || (target === 'embedded' && placesDisagree(current, 'keywords')))
    changes.push({ field: 'keywords', from, to })
  if (!sameWords(fromTree, toTree)) changes.push({ field: 'hierarchicalKeywords', from: fromTree, to: toTree })
  return changes
}

/** Words that were proposed follow the policy; those by hand come anyway. */
function applyKeywordPolicy(wish: NonNullable<WantedFields['keywords']>, current: MetadataSnapshot, rules: WritingRules) {
  const proposed = new Set(wish.proposed ?? [])
  const policy = rules.policies.keywords
  const { flat } = rules.keywords
  const byHand = flatWords([...(wish.list ?? []), ...wish.add.filter((word) => !proposed.has(word))], flat)
  const left = removeKeywords(wish.list ?? current.keywords, flatRemovals(current.hierarchicalKeywords, wish.remove, byHand))
  const isLeftOut = policy === 'keep' || (policy === 'fill' && left.length > 0)
  // What was removed by hand is not brought back by a proposal, whichever level of it.
  const gone = new Set(flatWords(wish.remove, 'leaf').map(keywordKey))
  const isRefused = (word: string) =>
    isLeftOut || withoutPaths([word], wish.remove).length === 0 || flatWords([word], flat).some((each) => gone.has(keywordKey(each)))
  const add = wish.add.filter((word) => !proposed.has(word) || !isRefused(word))
  const list = wish.list === null && policy === 'replace' && proposed.size > 0 ? [] : wish.list
  return { list, add, removed: wish.remove }
}

const asHeldList = (value: string | string[] | null): string[] => (value === null ? [] : Array.isArray(value) ? value : [value])
const sameWords = (a: readonly string[], b: readonly string[]) => a.length === b.length && a.every((word, at) => word === b[at])

/** A word that only IPTC (or only XMP) holds would be lost when both are written from one list; it joins the list, in the open. */
function foldEmbeddedKeywords(current: MetadataSnapshot, target: Plan['target']): readonly string[] {
  if (target === 'sidecar') return current.keywords
  const known = new Set(current.keywords.map((word) => keywordKey(cutKeyword(word))))
  const others = embeddedPlaces(current, 'keywords').flatMap((place) => place.value)
  return addKeywords(
    current.keywords,
    others.filter((word) => !known.has(keywordKey(word))),
  )
}

const cutKeyword = (word: string) => cutFor(KEYWORD_PLACES.iptc.tag, word)
