import type { Acting, Clocked, SignedIn } from '@rushes/fleet'

/** What each request brings along; made anew for every request by whoever serves it. */
export type ApiContext = {
  db: Clocked['db']
  now: () => Date
  /** Null: nobody is signed in. */
  signedIn: SignedIn | null
  /** Where the request came from, for lock-outs; null where that is not known. */
  remoteAddress: string | null
  /** The origin that links for people begin with. */
  publicUrl: string
  /** Stands in the answer to a failure, and beside it in the log. */
  requestId: string
  /** Told of failures that no verb foresaw; refusals are answers and are not told. */
  onUnexpected: (failure: { error: unknown; path: string; requestId: string }) => void
}

/** The context of a verb that reads. */
export function clocked(context: ApiContext): Clocked {
  return { db: context.db, now: context.now() }
}

/** The context of a verb that changes something, in the name of who is signed in. */
export function acting(context: ApiContext & { signedIn: SignedIn }): Acting {
  const { id, name } = context.signedIn.person
  return { ...clocked(context), actor: { kind: 'person', id, name } }
}
