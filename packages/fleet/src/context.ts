import type { Database } from '@rushes/db'

/** Who does something: goes into the audit row of whatever it changes. */
export type Actor = {
  kind: 'person' | 'device' | 'commandLine' | 'system'
  id: string | null
  name: string
}

/** What a verb that only reads, or whose change has no author, is given. `db` may be a transaction that is already open. */
export type Clocked = { db: Database; now: Date }

/** What a verb that changes something for somebody is given. */
export type Acting = Clocked & { actor: Actor }

/** What a verb that does many things at once is given. `wait`: for rows that somebody else holds; else they are `busy`. */
export type Together = Clocked & { wait: boolean }

/** What a verb that does many things at once answers for those whose row somebody else holds at this moment. */
export const busy: unique symbol = Symbol('busy')
