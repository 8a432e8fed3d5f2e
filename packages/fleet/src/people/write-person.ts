import { accounts, type Database, people, sessions } from '@rushes/db'
import { hashPassword } from 'better-auth/crypto'
import { and, eq } from 'drizzle-orm'
import { z } from 'zod'
import { maxEmailLength, maxPasswordLength, minPasswordLength } from './auth.ts'
import type { Role } from './roles.ts'

export type PersonFault =
  | { kind: 'nameInvalid' }
  | { kind: 'emailInvalid' }
  | { kind: 'emailTaken'; email: string }
  | PasswordFault

export type PasswordFault =
  | { kind: 'passwordTooShort'; minLength: number }
  | { kind: 'passwordTooLong'; maxLength: number }

const emailAddress = z.email().max(maxEmailLength)

/** Checks what a person is to be called; the e-mail comes back as sign-in compares it, in lower case. */
export function checkPerson(input: { name: string; email: string }): { name: string; email: string } | PersonFault {
  const name = input.name.trim()
  if (name.length < 1 || name.length > 120 || /\p{Cc}/u.test(name)) return { kind: 'nameInvalid' }
  const email = input.email.trim().toLowerCase()
  if (!emailAddress.safeParse(email).success) return { kind: 'emailInvalid' }
  return { name, email }
}

export function checkPassword(password: string): PasswordFault | null {
  if (password.length < minPasswordLength) return { kind: 'passwordTooShort', minLength: minPasswordLength }
  if (password.length > maxPasswordLength) return { kind: 'passwordTooLong', maxLength: maxPasswordLength }
  return null
}

/** Inserts a person; null when the e-mail belongs to somebody already. */
export async function insertPerson(
  db: Database,
  person: { name: string; email: string; role: Role; createdAt: Date },
): Promise<string | null> {
  const id = crypto.randomUUID()
  const rows = await db
    .insert(people)
    .values({ ...person, id, updatedAt: person.createdAt })
    .onConflictDoNothing({ target: people.email })
    .returning({ id: people.id })
  return rows[0]?.id ?? null
}

/** Gives a person this password, the only one from now on, and ends every session that the old one opened. */
export async function writePassword(db: Database, personId: string, password: string, now: Date): Promise<void> {
  const hash = await hashPassword(password)
  await db.delete(accounts).where(and(eq(accounts.userId, personId), eq(accounts.providerId, 'credential')))
  await db.insert(accounts).values({
    id: crypto.randomUUID(),
    accountId: personId,
    providerId: 'credential',
    userId: personId,
    password: hash,
    createdAt: now,
    updatedAt: now,
  })
  await db.delete(sessions).where(eq(sessions.userId, personId))
}
