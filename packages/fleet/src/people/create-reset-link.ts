import { people, signInLinks } from '@rushes/db'
import { and, eq, isNull } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Acting } from '../context.ts'
import { createLinkToken, hashLinkToken, linkUrl } from './link-token.ts'

const resetLinkLifetimeMs = 24 * 3_600_000

export type CreateResetLinkOutcome =
  | { kind: 'created'; url: string; expiresAt: Date; person: { id: string; name: string; email: string } }
  | { kind: 'personUnknown' }

/**
 * Makes a link that lets a person set a password, once, within a day. A newer link ends the older ones. The URL is not kept
 * anywhere: hand it over at once.
 */
export async function createResetLink(
  context: Acting,
  input: { email: string; publicUrl: string },
): Promise<CreateResetLinkOutcome> {
  return context.db.transaction(async (tx) => {
    const [person] = await tx
      .select({ id: people.id, name: people.name, email: people.email })
      .from(people)
      .where(and(eq(people.email, input.email.trim().toLowerCase()), isNull(people.disabledAt)))
      .for('update')
    if (person === undefined) return { kind: 'personUnknown' }

    await tx.delete(signInLinks).where(and(eq(signInLinks.personId, person.id), isNull(signInLinks.usedAt)))
    const token = createLinkToken()
    const expiresAt = new Date(context.now.getTime() + resetLinkLifetimeMs)
    await tx.insert(signInLinks).values({
      tokenSha256: hashLinkToken(token),
      purpose: 'passwordReset',
      personId: person.id,
      expiresAt,
      createdAt: context.now,
    })
    await recordAudit(
      { ...context, db: tx },
      {
        action: 'person.createResetLink',
        target: { kind: 'person', id: person.id, name: person.name },
        after: { expiresAt: expiresAt.toISOString() },
      },
    )
    return { kind: 'created', url: linkUrl(input.publicUrl, token), expiresAt, person }
  })
}
