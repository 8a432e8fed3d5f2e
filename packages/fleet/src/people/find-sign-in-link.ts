import { type Database, people, signInLinks } from '@rushes/db'
import { eq } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { hashLinkToken } from './link-token.ts'

export type UnusableLink =
  | { kind: 'linkUnknown' }
  | { kind: 'linkUsed'; usedAt: Date }
  | { kind: 'linkExpired'; expiredAt: Date }
  /** Somebody is there already, so nobody can be the first. */
  | { kind: 'peopleExist' }

export type UsableLink =
  | { kind: 'firstOperator'; linkId: string; expiresAt: Date }
  | { kind: 'passwordReset'; linkId: string; expiresAt: Date; person: { id: string; name: string; email: string } }

/** What a one-time link is for, or why it is of no use any more. Looking does not use it up. */
export async function findSignInLink(
  { db, now }: Clocked,
  input: { token: string },
): Promise<UsableLink | UnusableLink> {
  const row = await selectLink(db, input.token)
  if (row === undefined || row.disabledAt !== null) return { kind: 'linkUnknown' }
  if (row.usedAt !== null) return { kind: 'linkUsed', usedAt: row.usedAt }
  if (row.expiresAt <= now) return { kind: 'linkExpired', expiredAt: row.expiresAt }
  const { linkId, expiresAt, person } = row
  if (row.purpose === 'passwordReset')
    return person === null ? { kind: 'linkUnknown' } : { kind: 'passwordReset', linkId, expiresAt, person }
  if ((await db.$count(people)) > 0) return { kind: 'peopleExist' }
  return { kind: 'firstOperator', linkId, expiresAt }
}

async function selectLink(db: Database, token: string) {
  const [row] = await db
    .select({
      linkId: signInLinks.id,
      purpose: signInLinks.purpose,
      usedAt: signInLinks.usedAt,
      expiresAt: signInLinks.expiresAt,
      person: { id: people.id, name: people.name, email: people.email },
      disabledAt: people.disabledAt,
    })
    .from(signInLinks)
    .leftJoin(people, eq(people.id, signInLinks.personId))
    .where(eq(signInLinks.tokenSha256, hashLinkToken(token)))
  return row
}
