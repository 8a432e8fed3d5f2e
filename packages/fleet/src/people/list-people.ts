import { type Database, people } from '@rushes/db'
import { asc } from 'drizzle-orm'
import type { Role } from './roles.ts'

export type ListedPerson = {
  id: string
  name: string
  email: string
  role: Role
  disabledAt: Date | null
  createdAt: Date
}

/** Everybody who may sign in, or could before they were disabled, by name. */
export async function listPeople({ db }: { db: Database }): Promise<ListedPerson[]> {
  return db
    .select({
      id: people.id,
      name: people.name,
      email: people.email,
      role: people.role,
      disabledAt: people.disabledAt,
      createdAt: people.createdAt,
    })
    .from(people)
    .orderBy(asc(people.name), asc(people.id))
}
