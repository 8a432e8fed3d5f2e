import { recordAudit } from '../audit/record.ts'
import type { Acting } from '../context.ts'
import type { Person } from './find-session.ts'
import type { Role } from './roles.ts'
import { checkPassword, checkPerson, insertPerson, type PersonFault, writePassword } from './write-person.ts'

export type CreatePersonOutcome = { kind: 'created'; person: Person } | PersonFault

/** Makes a person who may sign in. Without a password they set one through a link of `createResetLink`. */
export async function createPerson(
  context: Acting,
  input: { name: string; email: string; role: Role; password?: string },
): Promise<CreatePersonOutcome> {
  const checked = checkPerson(input)
  if ('kind' in checked) return checked
  const { password, role } = input
  const fault = password === undefined ? null : checkPassword(password)
  if (fault !== null) return fault

  return context.db.transaction(async (tx) => {
    const id = await insertPerson(tx, { ...checked, role, createdAt: context.now })
    if (id === null) return { kind: 'emailTaken', email: checked.email }
    if (password !== undefined) await writePassword(tx, id, password, context.now)
    await recordAudit(
      { ...context, db: tx },
      { action: 'person.create', target: { kind: 'person', id, name: checked.name }, after: { ...checked, role } },
    )
    return { kind: 'created', person: { id, ...checked, role } }
  })
}
