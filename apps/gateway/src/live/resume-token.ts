/** The id of a message: which log its number belongs to, and the number. `-`: inside a snapshot, where nothing can be resumed. */
export const resumeToken = (logId: string, seq: number | null): string => `${logId}:${seq ?? '-'}`

/** The number in a token of this log; null for any other text. */
export function seqOfToken(logId: string, token: string | null): number | null {
  if (token === null || !token.startsWith(`${logId}:`)) return null
  const text = token.slice(logId.length + 1)
  return /^\d{1,15}$/.test(text) ? Number(text) : null
}
