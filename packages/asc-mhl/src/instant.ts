/**
 * An instant as XML Schema writes it, in UTC and whole seconds: `2026-11-22T05:00:00+00:00`. Null where it has no such form:
 * clocks of devices may be thousands of years off, and a year there has four digits.
 */
export function xmlInstant(at: Date): string | null {
  const text = Number.isNaN(at.getTime()) ? '' : at.toISOString()
  return /^(?!0000)\d{4}-/.test(text) ? `${text.slice(0, 19)}+00:00` : null
}

/** An instant as names of manifests have it: `2026-11-22_050000Z`. */
export const nameInstant = (at: Date): string =>
  `${at.toISOString().slice(0, 10)}_${at.toISOString().slice(11, 19).replaceAll(':', '')}Z`
