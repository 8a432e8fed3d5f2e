import { people } from '@rushes/db'
import type { Clocked } from '../context.ts'
import { createFirstOperatorLink } from './create-first-operator-link.ts'
import { createPerson } from './create-person.ts'
import type { PersonFault } from './write-person.ts'

export type EnsureFirstOperatorOutcome =
  /** Somebody is there: nothing was done, whatever the environment says. */
  | { kind: 'exists' }
  | { kind: 'created'; email: string }
  /** Print it: it is the only way in, and it is kept nowhere. */
  | { kind: 'link'; url: string; expiresAt: Date }
  /** The e-mail or password from the environment cannot be used. */
  | Exclude<PersonFault, { kind: 'emailTaken' }>

/**
 * Sees to it, at start, that an installation without people can be entered: by the given e-mail and password, else by a
 * one-time link. Each start of an empty installation makes a new link and ends the former one.
 */
export async function ensureFirstOperator(
  { db, now }: Clocked,
  input: { publicUrl: string; email?: string; password?: string },
): Promise<EnsureFirstOperatorOutcome> {
  const context = { db, now, actor: { kind: 'system', id: null, name: 'first start' } as const }
  if ((await db.$count(people)) > 0) return { kind: 'exists' }
  const { email, password } = input
  if (email !== undefined && password !== undefined) {
    const outcome = await createPerson(context, { name: nameFromEmail(email), email, role: 'admin', password })
    if (outcome.kind === 'created') return { kind: 'created', email: outcome.person.email }
    return outcome.kind === 'emailTaken' ? { kind: 'exists' } : outcome
  }
  const outcome = await createFirstOperatorLink(context, { publicUrl: input.publicUrl })
  return outcome.kind === 'created'
    ? { kind: 'link', url: outcome.url, expiresAt: outcome.expiresAt }
    : { kind: 'exists' }
}

/** `ana.diaz@example.com` is called `ana.diaz` until she says otherwise. */
const nameFromEmail = (email: string) => email.split('@')[0] || email
