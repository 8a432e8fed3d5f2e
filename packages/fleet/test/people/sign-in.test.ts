import { accounts, people, sessions } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { hashPassword } from 'better-auth/crypto'
import { eq } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Auth, createAuth } from '../../src/people/auth.ts'
import { findSession } from '../../src/people/find-session.ts'

let database: TestDatabase
let auth: Auth

beforeAll(async () => {
  database = await createTestDatabase()
  auth = createAuth({ db: database.db, secret: 'a secret of the test, long enough', baseUrl: 'http://rushes.test' })
})
afterAll(() => database.drop())

async function addPerson(id: string, role: 'viewer' | 'operator' | 'admin' = 'operator') {
  await database.db.insert(people).values({ id, name: id, email: `${id}@example.com`, role })
  const password = await hashPassword('correct horse')
  await database.db
    .insert(accounts)
    .values({ id: `account-${id}`, accountId: id, providerId: 'credential', userId: id, password })
}

function post(path: string, body: unknown, headers: Record<string, string> = {}) {
  return auth.handle(
    new Request(`http://rushes.test/api/auth${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'http://rushes.test', ...headers },
      body: JSON.stringify(body),
    }),
  )
}

const signIn = (id: string, password = 'correct horse', address = '192.0.2.1') =>
  post('/sign-in/email', { email: `${id}@example.com`, password }, { 'x-forwarded-for': address })

const cookiesOf = (response: Response) =>
  new Headers({
    cookie: response.headers
      .getSetCookie()
      .map((line) => line.split(';')[0])
      .join('; '),
  })

test('a session is found by the cookie that sign-in sets, with the role of the person', async () => {
  await addPerson('ana')
  const response = await signIn('ana')
  expect(response.status).toBe(200)
  expect(response.headers.getSetCookie().join()).toMatch(/HttpOnly.*SameSite=Lax/i)
  const found = await findSession(auth, cookiesOf(response))
  expect(found?.person).toEqual({ id: 'ana', name: 'ana', email: 'ana@example.com', role: 'operator' })
})

test('no session is found without a cookie, with a forged one, or after sign-out', async () => {
  await addPerson('bea')
  const cookies = cookiesOf(await signIn('bea'))
  expect(await findSession(auth, new Headers())).toBeNull()
  expect(await findSession(auth, new Headers({ cookie: 'rushes.session_token=abc.def' }))).toBeNull()
  expect(await findSession(auth, cookies)).not.toBeNull()
  expect((await post('/sign-out', {}, Object.fromEntries(cookies))).status).toBe(200)
  expect(await findSession(auth, cookies)).toBeNull()
})

test('a session is not found with another secret', async () => {
  await addPerson('cai')
  const cookies = cookiesOf(await signIn('cai'))
  const other = createAuth({ db: database.db, secret: 'another secret of the test', baseUrl: 'http://rushes.test' })
  expect(await findSession(other, cookies)).toBeNull()
})

test('a person who was disabled has no session any more and gets none', async () => {
  await addPerson('dan')
  const cookies = cookiesOf(await signIn('dan'))
  await database.db.update(people).set({ disabledAt: new Date() }).where(eq(people.id, 'dan'))
  expect(await findSession(auth, cookies)).toBeNull()
  const again = await signIn('dan')
  expect(again.status).toBe(401)
  expect(await again.json()).toMatchObject({ code: 'INVALID_EMAIL_OR_PASSWORD' })
})

test('an expired session is not found', async () => {
  await addPerson('eve')
  const cookies = cookiesOf(await signIn('eve'))
  await database.db
    .update(sessions)
    .set({ expiresAt: new Date(Date.now() - 1000) })
    .where(eq(sessions.userId, 'eve'))
  expect(await findSession(auth, cookies)).toBeNull()
})

test('wrong passwords for one e-mail from one address are refused after ten, and do not keep the person out elsewhere', async () => {
  await addPerson('fay')
  const statuses: number[] = []
  for (let attempt = 1; attempt <= 11; attempt += 1) {
    statuses.push((await signIn('fay', 'wrong', '198.51.100.1')).status)
  }
  expect(statuses).toEqual([...Array<number>(10).fill(401), 429])
  expect((await signIn('fay', 'correct horse', '198.51.100.1')).status).toBe(429)
  expect((await signIn('fay', 'correct horse', '198.51.100.99')).status).toBe(200)
})

test('wrong passwords for one e-mail are refused after a hundred, whatever addresses they come from', async () => {
  await addPerson('fey')
  const statuses: number[] = []
  for (let attempt = 1; attempt <= 101; attempt += 1) {
    statuses.push((await signIn('fey', 'wrong', `198.51.100.${attempt}`)).status)
  }
  expect(statuses).toEqual([...Array<number>(100).fill(401), 429])
})

test('an e-mail of any length that is sent to sign-in is refused uncounted, so that nothing of it stays in memory', async () => {
  const email = `${'x'.repeat(100_000)}@example.com`
  const statuses: number[] = []
  for (let attempt = 1; attempt <= 11; attempt += 1) {
    statuses.push(
      (await post('/sign-in/email', { email, password: 'wrong' }, { 'x-forwarded-for': '203.0.113.9' })).status,
    )
  }
  expect(statuses).toEqual(Array<number>(11).fill(400))
})

test('wrong passwords from one address are refused after thirty, whatever e-mail they try', async () => {
  const statuses: number[] = []
  for (let attempt = 1; attempt <= 31; attempt += 1) {
    statuses.push((await signIn(`nobody-${attempt}`, 'wrong', '203.0.113.7')).status)
  }
  expect(statuses).toEqual([...Array<number>(30).fill(401), 429])
})

test('nobody can sign up, change a person or see other endpoints of the library', async () => {
  await addPerson('gus', 'viewer')
  const cookies = Object.fromEntries(cookiesOf(await signIn('gus')))
  const signUp = await post('/sign-up/email', { email: 'x@example.com', password: 'long enough', name: 'x' })
  const promote = await post('/update-user', { role: 'admin' }, cookies)
  expect([signUp.status, promote.status]).toEqual([404, 404])
  expect(await database.db.$count(people, eq(people.email, 'x@example.com'))).toBe(0)
})

test('a sign-out sent by a page of another origin is refused', async () => {
  await addPerson('hal')
  const cookies = Object.fromEntries(cookiesOf(await signIn('hal')))
  const response = await post('/sign-out', {}, { ...cookies, origin: 'https://evil.example' })
  expect(response.status).toBe(403)
})

test('the same host by another name than the public one may sign in, as a phone in the same network does', async () => {
  await addPerson('ida')
  const elsewhere = { origin: 'http://192.168.1.5:3000', host: '192.168.1.5:3000', cookie: 'something=else' }
  const body = { email: 'ida@example.com', password: 'correct horse' }
  expect((await post('/sign-in/email', body, elsewhere)).status).toBe(200)
  expect((await post('/sign-in/email', body, { ...elsewhere, host: 'rushes.test' })).status).toBe(403)
})
