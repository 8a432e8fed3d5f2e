import { type Database, signInLinks } from '@rushes/db'
import { and, eq, isNull } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Clocked } from '../context.ts'
import { findSignInLink, type UnusableLink, type UsableLink } from './find-sign-in-link.ts'
import { lockPeople } from './lock-people.ts'
import {
  checkPassword,
  checkPerson,
  insertPerson,
  type PasswordFault,
  type PersonFault,
  writePassword,
} from './write-person.ts'

export type UseSignInLinkInput = {
  token: string
  password: string
  /** Who the first operator is; not read for a password reset, whose person is known. */
  person?: { name: string; email: string }
}

export type UseSignInLinkOutcome =
  | { kind: 'passwordSet'; personId: string; email: string }
  | PersonFault
  | PasswordFault
  | UnusableLink

/**
 * Uses up a one-time link: makes the first operator, or sets a new password and ends that person's sessions. A refused
 * password or name leaves the link good; of two who use it at once, one succeeds. The person then signs in as usual.
 */
export async function useSignInLink(context: Clocked, input: UseSignInLinkInput): Promise<UseSignInLinkOutcome> {
  const fault = checkPassword(input.password)
  if (fault !== null) return fault
  return context.db.transaction(async (tx) => {
    const inside = { ...context, db: tx }
    const link = await findSignInLink(inside, input)
    switch (link.kind) {
      case 'firstOperator':
        return letFirstOperatorIn(inside, link, input)
      case 'passwordReset':
        return resetPassword(inside, link, input)
      default:
        return link
    }
  })
}

async function letFirstOperatorIn(
  { db, now }: Clocked,
  link: Extract<UsableLink, { kind: 'firstOperator' }>,
  input: UseSignInLinkInput,
): Promise<UseSignInLinkOutcome> {
  const checked = checkPerson(input.person ?? { name: '', email: '' })
  if ('kind' in checked) return checked
  if ((await lockPeople(db)) > 0) return { kind: 'peopleExist' }
  if (!(await markUsed(db, link.linkId, now))) return { kind: 'linkUsed', usedAt: now }
  const personId = await insertPerson(db, { ...checked, role: 'admin', createdAt: now })
  // Cannot be: the table is locked and empty.
  if (personId === null) return { kind: 'emailTaken', email: checked.email }
  await writePassword(db, personId, input.password, now)
  await recordAudit(
    { db, now, actor: { kind: 'person', id: personId, name: checked.name } },
    {
      action: 'person.createFirstOperator',
      target: { kind: 'person', id: personId, name: checked.name },
      after: { ...checked, role: 'admin' },
    },
  )
  return { kind: 'passwordSet', personId, email: checked.email }
}

async function resetPassword(
  { db, now }: Clocked,
  link: Extract<UsableLink, { kind: 'passwordReset' }>,
  input: UseSignInLinkInput,
): Promise<UseSignInLinkOutcome> {
  const { id, name, email } = link.person
  if (!(await markUsed(db, link.linkId, now))) return { kind: 'linkUsed', usedAt: now }
  await writePassword(db, id, input.password, now)
  await recordAudit(
    { db, now, actor: { kind: 'person', id, name } },
    { action: 'person.resetPassword', target: { kind: 'person', id, name } },
  )
  return { kind: 'passwordSet', personId: id, email }
}

/** False when somebody else was faster. */
async function markUsed(db: Database, linkId: string, now: Date): Promise<boolean> {
  const rows = await db
    .update(signInLinks)
    .set({ usedAt: now })
    .where(and(eq(signInLinks.id, linkId), isNull(signInLinks.usedAt)))
    .returning({ id: signInLinks.id })
  return rows.length === 1
}
