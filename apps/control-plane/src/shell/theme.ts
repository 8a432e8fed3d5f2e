export const themes = ['light', 'dark'] as const
export type Theme = (typeof themes)[number]

/** Kept in a cookie, so that the server draws the page in the right colours at once; absent: as the system has it. */
export const themeCookie = 'rushes_theme'

export function isTheme(value: unknown): value is Theme {
  return themes.some((theme) => theme === value)
}

const listeners = new Set<() => void>()

/** Chooses a theme for this browser; null: as the system has it. */
export function chooseTheme(theme: Theme | null): void {
  const root = document.documentElement
  if (theme === null) delete root.dataset.theme
  else root.dataset.theme = theme
  const lifetimeSeconds = theme === null ? 0 : 365 * 86_400
  // biome-ignore lint/suspicious/noDocumentCookie: Firefox and Safari lack the Cookie Store API, and nothing else reads this one
  document.cookie = `${themeCookie}=${theme ?? ''}; path=/; max-age=${lifetimeSeconds}; samesite=lax`
  for (const listener of [...listeners]) listener()
}

export function chosenTheme(): Theme | null {
  const value = document.documentElement.dataset.theme
  return isTheme(value) ? value : null
}

export function subscribeTheme(listener: () => void): () => void {
  listeners.add(listener)
  return () => void listeners.delete(listener)
}
