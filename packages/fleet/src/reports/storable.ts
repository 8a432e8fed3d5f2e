/** PostgreSQL's text holds every character but NUL, and no half of a surrogate pair: both are shown by a stand-in. */
export const storableText = (text: string): string => text.replaceAll('\0', '\u2400').toWellFormed()

/** The same for every string of a value that came as JSON; its shape stays. */
export function storableJson<Value>(value: Value): Value {
  return JSON.parse(JSON.stringify(value, (_key, part) => (typeof part === 'string' ? storableText(part) : part)))
}
