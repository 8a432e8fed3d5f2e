import type { Auth } from './auth.ts'
import { isRole, type Role } from './roles.ts'

export type Person = { id: string; name: string; email: string; role: Role }
export type SignedIn = { person: Person; session: { id: string; expiresAt: Date } }

/**
 * Who sent a request with these headers, by its session cookie; null when nobody is signed in, the session has ended or the
 * person was disabled. Read from the database each time, so a change of role or a sign-out counts from the next request on.
 */
export async function findSession(auth: Auth, headers: Headers): Promise<SignedIn | null> {
  const found = await auth.readSession(headers)
  if (found === null || found.user.disabledAt instanceof Date) return null
  const { id, name, email, role } = found.user
  // A role that this version does not know grants nothing.
  if (!isRole(role)) return null
  return { person: { id, name, email, role }, session: { id: found.session.id, expiresAt: found.session.expiresAt } }
}
