import { randomUUID } from 'node:crypto'

type Pair = {
  accessToken: string
  refreshToken: string
  projectEpoch: number
  isUsed: boolean
  accessEnded: boolean
}

export type RefreshOutcome =
  | { kind: 'issued'; pair: Pick<Pair, 'accessToken' | 'refreshToken'> }
  | { kind: 'spent' }
  | { kind: 'reused' }
  | { kind: 'unknown' }

/**
 * The token pairs of one pairing. Refresh tokens are good once. `survivesLostReply`: the pair before the newest stays good until the
 * newest was used, and reuse after that ends all of them; without it a token is spent as soon as it was answered.
 */
export class TokenPairs {
  #pairs: Pair[] = []
  readonly #survivesLostReply: boolean

  constructor(survivesLostReply: boolean) {
    this.#survivesLostReply = survivesLostReply
  }

  issue(projectEpoch: number): Pick<Pair, 'accessToken' | 'refreshToken'> {
    const pair = {
      accessToken: `access-${randomUUID()}`,
      refreshToken: randomUUID(),
      projectEpoch,
      isUsed: false,
      accessEnded: false,
    }
    this.#pairs.push(pair)
    return pair
  }

  refresh(refreshToken: string, projectEpoch: number): RefreshOutcome {
    const index = this.#pairs.findIndex((pair) => pair.refreshToken === refreshToken)
    const pair = this.#pairs[index]
    if (pair === undefined) return { kind: 'unknown' }
    const newer = this.#pairs.slice(index + 1)
    if (newer.length === 0 || (this.#survivesLostReply && newer.every((one) => !one.isUsed))) {
      // It was used now if it is the newest; what was issued from an older one and never arrived is forgotten.
      this.#pairs.splice(index + 1)
      this.#markUsed(pair)
      if (!this.#survivesLostReply) pair.accessEnded = true
      return { kind: 'issued', pair: this.issue(projectEpoch) }
    }
    if (!this.#survivesLostReply) return { kind: 'spent' }
    this.revokeAll()
    return { kind: 'reused' }
  }

  /** The project epoch that the token was issued in, when it is good; its use ends the pairs before it. */
  useAccess(accessToken: string): { projectEpoch: number } | null {
    const pair = this.#pairs.find((one) => one.accessToken === accessToken)
    if (pair === undefined || pair.accessEnded) return null
    this.#markUsed(pair)
    return { projectEpoch: pair.projectEpoch }
  }

  #markUsed(pair: Pair): void {
    pair.isUsed = true
    for (const older of this.#pairs.slice(0, this.#pairs.indexOf(pair))) older.accessEnded = true
  }

  endAccess(): void {
    for (const pair of this.#pairs) pair.accessEnded = true
  }

  knows(token: string): boolean {
    return this.#pairs.some((pair) => pair.accessToken === token || pair.refreshToken === token)
  }

  revokeAll(): void {
    this.#pairs = []
  }
}
