import { findSession, type Person } from '@rushes/fleet'
import { headers } from 'next/headers'
import { redirect } from 'next/navigation'
import { cache } from 'react'
import { server } from './server.ts'

/** Who looks at the page that is being rendered; null when nobody is signed in. */
export const viewer = cache(async (): Promise<Person | null> => {
  const found = await findSession(server().auth, await headers())
  return found?.person ?? null
})

/** The person, or the way to the sign-in page and back. */
export async function requireViewer(): Promise<Person> {
  const person = await viewer()
  if (person !== null) return person
  const path = (await headers()).get('x-path') ?? '/'
  redirect(path === '/' ? '/sign-in' : `/sign-in?next=${encodeURIComponent(path)}`)
}
