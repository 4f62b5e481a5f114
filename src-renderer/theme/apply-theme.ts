export type Theme = 'system' | 'light' | 'dark'
const KEY = 'imageworks.theme'

/** Sets the theme of the page and remembers it, so that the next start paints right from the first frame. */
export function applyTheme(page: Window, theme: Theme): void {
  if (theme === 'system') delete page.document.documentElement.dataset['theme']
  else page.document.documentElement.dataset['theme'] = theme
  page.localStorage.setItem(KEY, theme)
}

export function restoreTheme(page: Window): void {
  const theme = page.localStorage.getItem(KEY)
  if (theme === 'light' || theme === 'dark') page.document.documentElement.dataset['theme'] = theme
}
