import type { PlanChange } from '../../src-main/contract/model.ts'
import { words } from '../copy/words.ts'
import './parts.css'
import { WordDiff } from './word-diff.tsx'

const toText = (value: PlanChange['from']): string => (value === null ? '' : Array.isArray(value) ? value.join(', ') : value)

/** Field by field, what a write changes. Keyword lists show only what comes and goes. */
export function ChangeList({ changes }: { changes: readonly PlanChange[] }) {
  return (
    <dl className="changes">
      {changes.map((change) => (
        <Change key={change.field} change={change} />
      ))}
    </dl>
  )
}

function Change({ change }: { change: PlanChange }) {
  const from = change.from
  const to = change.to
  return (
    <>
      <dt>{words.fields[change.field]}</dt>
      <dd>
        {Array.isArray(from) || Array.isArray(to) ? (
          <ListChange from={toList(from)} to={toList(to)} />
        ) : (
          <WordDiff from={toText(from)} to={toText(to)} />
        )}
      </dd>
    </>
  )
}

const toList = (value: PlanChange['from']): string[] => (Array.isArray(value) ? value : value === null ? [] : [value])

function ListChange({ from, to }: { from: readonly string[]; to: readonly string[] }) {
  const added = to.filter((each) => !from.includes(each))
  const removed = from.filter((each) => !to.includes(each))
  const kept = to.length - added.length
  return (
    <p className="diff" dir="auto">
      {removed.map((each, index) => (
        <span key={`- ${each}`}>
          <del>{each}</del>
          {index < removed.length - 1 || added.length > 0 ? ', ' : ''}
        </span>
      ))}
      {added.map((each, index) => (
        <span key={`+ ${each}`}>
          <ins>{each}</ins>
          {index < added.length - 1 ? ', ' : ''}
        </span>
      ))}
      {added.length === 0 && removed.length === 0 && words.plan.reordered}
      {kept > 0 && <span className="faint"> {words.plan.kept(kept)}</span>}
    </p>
  )
}
