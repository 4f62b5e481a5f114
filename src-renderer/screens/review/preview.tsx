import type { Review } from '../../../src-main/contract/model.ts'
import { words } from '../../copy/words.ts'
import { ChangeList } from '../../parts/change-list.tsx'
import { ProblemNote } from '../../parts/problem-note.tsx'

/** What approving now would write, as the studio itself works it out. */
export function Preview({ review }: { review: Review }) {
  const { preview } = review
  if (!preview) return null
  return (
    <section className="field" aria-label={words.review.preview} data-testid="preview">
      <header className="field__head">
        <h3>{words.review.preview}</h3>
      </header>
      <p className="faint preview__target">
        {preview.target === 'sidecar' ? words.review.sidecar(preview.targetPath) : words.review.embedded(preview.targetPath)}
      </p>
      {preview.refusal && <ProblemNote problem={preview.refusal} tone="warn" />}
      {preview.warnings.map((warning) => (
        <ProblemNote key={`${warning.code} ${warning.message}`} problem={warning} tone="plain" />
      ))}
      {preview.changes.length === 0 ? <p className="soft">{words.review.previewNothing}</p> : <ChangeList changes={preview.changes} />}
    </section>
  )
}
