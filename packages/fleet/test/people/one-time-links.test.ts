import { auditEvents, people, sessions, signInLinks } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { verifyPassword } from 'better-auth/crypto'
import { eq } from 'drizzle-orm'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Actor } from '../../src/context.ts'
import { createFirstOperatorLink } from '../../src/people/create-first-operator-link.ts'
import { createPerson } from '../../src/people/create-person.ts'
import { createResetLink } from '../../src/people/create-reset-link.ts'
import { ensureFirstOperator } from '../../src/people/ensure-first-operator.ts'
import { findSignInLink } from '../../src/people/find-sign-in-link.ts'
import { useSignInLink } from '../../src/people/use-sign-in-link.ts'

let database: TestDatabase
const now = new Date('2026-11-22T10:00:00Z')
const laterBy = (ms: number) => new Date(now.getTime() + ms)
const dayMs = 86_400_000
const actor: Actor = { kind: 'commandLine', id: null, name: 'rushes-admin' }
const publicUrl = 'https://rushes.example.com'
const ana = { name: 'Ana Diaz', email: 'Ana@Example.com' }

beforeEach(async () => {
  database = await createTestDatabase()
})
afterEach(() => database.drop())

const acting = (at = now) => ({ db: database.db, now: at, actor })
const clocked = (at = now) => ({ db: database.db, now: at })
const tokenIn = (url: string) => new URL(url).hash.slice(1)

async function firstOperatorToken(at = now) {
  const outcome = await createFirstOperatorLink(acting(at), { publicUrl })
  if (outcome.kind !== 'created') throw new Error(outcome.kind)
  return tokenIn(outcome.url)
}

async function resetToken(at = now) {
  const outcome = await createResetLink(acting(at), { email: 'ana@example.com', publicUrl })
  if (outcome.kind !== 'created') throw new Error(outcome.kind)
  return tokenIn(outcome.url)
}

const passwordOf = async (personId: string) => {
  const account = await database.db.query.accounts.findFirst({ where: (t, { eq }) => eq(t.userId, personId) })
  return account?.password ?? ''
}

test('the first operator lets themselves in as admin, and the link works once', async () => {
  const token = await firstOperatorToken()
  expect(await findSignInLink(clocked(), { token })).toMatchObject({ kind: 'firstOperator' })
  const used = await useSignInLink(clocked(), { token, password: 'a good password', person: ana })
  expect(used).toMatchObject({ kind: 'passwordSet', email: 'ana@example.com' })
  expect(await database.db.select({ role: people.role }).from(people)).toEqual([{ role: 'admin' }])
  expect(await useSignInLink(clocked(), { token, password: 'a good password', person: ana })).toMatchObject({
    kind: 'linkUsed',
  })
  expect(await findSignInLink(clocked(), { token })).toMatchObject({ kind: 'linkUsed' })
})

test('of two who use the first operator link at once, one becomes admin', async () => {
  const token = await firstOperatorToken()
  const outcomes = await Promise.all(
    ['ana', 'bea'].map((name) =>
      useSignInLink(clocked(), { token, password: 'a good password', person: { name, email: `${name}@example.com` } }),
    ),
  )
  expect(outcomes.filter((outcome) => outcome.kind === 'passwordSet')).toHaveLength(1)
  expect(await database.db.$count(people)).toBe(1)
})

test('a first operator link is of no use once somebody exists, and none is made then', async () => {
  const token = await firstOperatorToken()
  await createPerson(acting(), { ...ana, role: 'viewer' })
  expect(await useSignInLink(clocked(), { token, password: 'a good password', person: ana })).toEqual({
    kind: 'peopleExist',
  })
  expect(await createFirstOperatorLink(acting(), { publicUrl })).toEqual({ kind: 'peopleExist' })
})

test('a newer first operator link ends the older one', async () => {
  const older = await firstOperatorToken()
  await firstOperatorToken()
  expect(await findSignInLink(clocked(), { token: older })).toEqual({ kind: 'linkUnknown' })
})

test('an expired link is refused and says when it expired', async () => {
  const token = await firstOperatorToken()
  const outcome = await useSignInLink(clocked(laterBy(7 * dayMs)), { token, password: 'a good password', person: ana })
  expect(outcome).toEqual({ kind: 'linkExpired', expiredAt: laterBy(7 * dayMs) })
  expect(await database.db.$count(people)).toBe(0)
})

test('a refused password, name or e-mail leaves the link good', async () => {
  const token = await firstOperatorToken()
  const tries = [
    { token, password: 'short', person: ana },
    { token, password: 'x'.repeat(129), person: ana },
    { token, password: 'a good password', person: { ...ana, name: ' ' } },
    { token, password: 'a good password', person: { ...ana, email: 'nobody' } },
  ]
  const outcomes = await Promise.all(tries.map((input) => useSignInLink(clocked(), input)))
  expect(outcomes.map((outcome) => outcome.kind)).toEqual([
    'passwordTooShort',
    'passwordTooLong',
    'nameInvalid',
    'emailInvalid',
  ])
  expect(await useSignInLink(clocked(), { token, password: 'a good password', person: ana })).toMatchObject({
    kind: 'passwordSet',
  })
})

test('a reset link sets a new password and ends the sessions that the old one opened', async () => {
  const created = await createPerson(acting(), { ...ana, role: 'operator', password: 'the first password' })
  if (created.kind !== 'created') throw new Error(created.kind)
  const userId = created.person.id
  await database.db.insert(sessions).values({ id: 's', token: 't', userId, expiresAt: laterBy(dayMs) })

  const token = await resetToken()
  expect(await findSignInLink(clocked(), { token })).toMatchObject({
    kind: 'passwordReset',
    person: { email: 'ana@example.com' },
  })
  expect(await useSignInLink(clocked(), { token, password: 'the second password' })).toMatchObject({
    kind: 'passwordSet',
  })
  const hash = await passwordOf(userId)
  expect(await verifyPassword({ hash, password: 'the second password' })).toBe(true)
  expect(await verifyPassword({ hash, password: 'the first password' })).toBe(false)
  expect(await database.db.$count(sessions)).toBe(0)
})

test('a reset link works once, a newer one ends it, and a disabled person has none', async () => {
  await createPerson(acting(), { ...ana, role: 'operator' })
  const older = await resetToken()
  const newer = await resetToken()
  expect(await useSignInLink(clocked(), { token: older, password: 'a good password' })).toEqual({ kind: 'linkUnknown' })
  const both = await Promise.all(
    [1, 2].map(() => useSignInLink(clocked(), { token: newer, password: 'a good password' })),
  )
  expect(both.map((outcome) => outcome.kind).sort()).toEqual(['linkUsed', 'passwordSet'])

  const last = await resetToken()
  await database.db.update(people).set({ disabledAt: now })
  expect(await findSignInLink(clocked(), { token: last })).toEqual({ kind: 'linkUnknown' })
  expect(await createResetLink(acting(), { email: 'ana@example.com', publicUrl })).toEqual({ kind: 'personUnknown' })
})

test('only a hash of the token is kept, and the token is in the fragment of the link', async () => {
  const token = await firstOperatorToken()
  const [row] = await database.db.select().from(signInLinks)
  expect(JSON.stringify(row)).not.toContain(token)
  expect(token).toMatch(/^rushes_link_[\w-]{43}$/)
})

test('an e-mail belongs to one person, whatever its case', async () => {
  await createPerson(acting(), { ...ana, role: 'viewer' })
  const again = await createPerson(acting(), { name: 'Other', email: 'ANA@EXAMPLE.COM', role: 'admin' })
  expect(again).toEqual({ kind: 'emailTaken', email: 'ana@example.com' })
})

test('each change of a person leaves an audit row with its author', async () => {
  await createPerson(acting(), { ...ana, role: 'viewer' })
  const token = await resetToken()
  await useSignInLink(clocked(), { token, password: 'a good password' })
  const rows = await database.db
    .select({ action: auditEvents.action, by: auditEvents.actorName, kind: auditEvents.actorKind })
    .from(auditEvents)
    .where(eq(auditEvents.targetKind, 'person'))
    .orderBy(auditEvents.id)
  expect(rows).toEqual([
    { action: 'person.create', by: 'rushes-admin', kind: 'commandLine' },
    { action: 'person.createResetLink', by: 'rushes-admin', kind: 'commandLine' },
    { action: 'person.resetPassword', by: 'Ana Diaz', kind: 'person' },
  ])
})

test('the first start makes a link, or the person that the environment names, and later starts do nothing', async () => {
  const first = await ensureFirstOperator(clocked(), { publicUrl })
  expect(first).toMatchObject({ kind: 'link', url: expect.stringContaining('https://rushes.example.com/link#') })
  const bad = await ensureFirstOperator(clocked(), { publicUrl, email: 'ana@example.com', password: 'short' })
  expect(bad).toMatchObject({ kind: 'passwordTooShort' })
  const env = { publicUrl, email: 'ana@example.com', password: 'a good password' }
  expect(await ensureFirstOperator(clocked(), env)).toEqual({ kind: 'created', email: 'ana@example.com' })
  expect(await ensureFirstOperator(clocked(), env)).toEqual({ kind: 'exists' })
  expect(await ensureFirstOperator(clocked(), { publicUrl })).toEqual({ kind: 'exists' })
})
