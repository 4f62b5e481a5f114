import type { ButtonHTMLAttributes, Ref } from 'react'
import './parts.css'

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'plain' | 'primary' | 'quiet' | 'danger'
  small?: boolean
  ref?: Ref<HTMLButtonElement>
  /** Only an icon inside: needs an aria-label, which is also shown as tooltip. */
  icon?: boolean
}

export function Button({ look = 'plain', small = false, icon = false, className = '', ...rest }: ButtonProps) {
  const classes = ['button', `button--${look}`, small ? 'button--small' : '', icon ? 'button--icon' : '', className]
    .filter((name) => name !== '')
    .join(' ')
  return <button type="button" title={icon ? rest['aria-label'] : undefined} {...rest} className={classes} />
}
