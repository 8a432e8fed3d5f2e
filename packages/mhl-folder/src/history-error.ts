/** A history that cannot be continued: somebody has to put it right, or choose another folder. */
export class HistoryError extends Error {
  readonly code = 'historyBroken'
  readonly hint = 'Choose another folder, or put that history right first'

  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause })
    this.name = 'HistoryError'
  }
}
