import { DrizzleQueryError } from 'drizzle-orm'

/**
 * What a log may keep of a failure. drizzle's errors carry the values of their statement (tokens, addresses, digests of passwords) in
 * message, stack and fields; the copy has the statement and the cause alone. Anything else comes back as it is.
 */
export function loggableError<Thrown>(error: Thrown): Thrown | Error {
  if (!(error instanceof Error) || !hasValues(error)) return error
  const copy = new Error(withoutValues(error.message), { cause: loggableError(error.cause) })
  copy.name = error.name
  copy.stack = withoutValues(error.stack ?? '')
  return copy
}

const hasValues = (error: unknown): boolean =>
  error instanceof Error && (error instanceof DrizzleQueryError || hasValues(error.cause))

/** The values stand between `params:` and the first line of the stack, if there is one. */
const withoutValues = (text: string) => text.replace(/\nparams: [\s\S]*?(?=\n {4}at |$)/, '')
