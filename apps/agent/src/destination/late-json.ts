/** A number of a JSON text that is told as it is when the text leaves. */
export type LateNumber = { name: string; value(): number }

/** The longest that a number becomes in JSON: `-1.7976931348623157e+308`. */
const maxDigits = 24

/**
 * The object as JSON with one number more. Its length is known at once; `complete` makes it what it is to be, as it begins to leave: when a
 * connection is there to send it over, which may take a while. What is not needed is filled with spaces, which JSON allows at its end.
 */
export function lateJson(object: object, { name, value }: LateNumber): { content: Buffer; complete(): void } {
  const text = JSON.stringify(object)
  const separator = text === '{}' ? '' : ','
  const beginning = `${text.slice(0, -1)}${separator}${JSON.stringify(name)}:`
  const content = Buffer.allocUnsafe(Buffer.byteLength(beginning) + maxDigits + 1)
  return {
    content,
    complete() {
      content.fill(' ', content.write(`${beginning}${JSON.stringify(value())}}`))
    },
  }
}
