import type { Database } from '@rushes/db'
import { type Auth, createPerson } from '@rushes/fleet'

const password = 'correct horse battery'

export async function addPerson(db: Database, name: string): Promise<void> {
  const outcome = await createPerson(
    { db, now: new Date(), actor: { kind: 'system', id: null, name: 'test' } },
    { name, email: `${name}@example.com`, role: 'viewer', password },
  )
  if (outcome.kind !== 'created') throw new Error(`nobody was made: ${outcome.kind}`)
}

/** The cookie of a fresh session. */
export async function signIn(auth: Auth, name: string): Promise<string> {
  const response = await auth.handle(
    new Request('http://rushes.test/api/auth/sign-in/email', {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: 'http://rushes.test', 'x-forwarded-for': '192.0.2.1' },
      body: JSON.stringify({ email: `${name}@example.com`, password }),
    }),
  )
  if (!response.ok) throw new Error(`sign-in failed: ${response.status} ${await response.text()}`)
  return response.headers
    .getSetCookie()
    .map((line) => line.split(';')[0])
    .join('; ')
}
