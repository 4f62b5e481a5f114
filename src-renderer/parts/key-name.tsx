const SHOWN: Readonly<Record<string, string>> = { ArrowLeft: '←', ArrowRight: '→', ArrowUp: '↑', ArrowDown: '↓', Escape: 'Esc', ' ': 'Space' }

/** "Ctrl+Shift+z" as the pieces that stand on the keys. */
export function KeyName({ name }: { name: string }) {
  return (
    <>
      {name.split(/\+(?=.)/).map((piece) => (
        <kbd key={piece}>{SHOWN[piece] ?? (piece.length === 1 ? piece.toUpperCase() : piece)}</kbd>
      ))}
    </>
  )
}
