import { signInLinks } from '@rushes/db'
import { eq } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Acting } from '../context.ts'
import { createLinkToken, hashLinkToken, linkUrl } from './link-token.ts'
import { lockPeople } from './lock-people.ts'

const firstOperatorLinkLifetimeMs = 7 * 86_400_000

export type CreateFirstOperatorLinkOutcome = { kind: 'created'; url: string; expiresAt: Date } | { kind: 'peopleExist' }

/**
 * Makes the link by which the first person of an installation lets themselves in, as admin. There is one such link at a
 * time, good for a week, and none once anybody exists.
 */
export async function createFirstOperatorLink(
  context: Acting,
  input: { publicUrl: string },
): Promise<CreateFirstOperatorLinkOutcome> {
  return context.db.transaction(async (tx) => {
    if ((await lockPeople(tx)) > 0) return { kind: 'peopleExist' }
    await tx.delete(signInLinks).where(eq(signInLinks.purpose, 'firstOperator'))
    const token = createLinkToken()
    const expiresAt = new Date(context.now.getTime() + firstOperatorLinkLifetimeMs)
    const [link] = await tx
      .insert(signInLinks)
      .values({ tokenSha256: hashLinkToken(token), purpose: 'firstOperator', expiresAt, createdAt: context.now })
      .returning({ id: signInLinks.id })
    await recordAudit(
      { ...context, db: tx },
      {
        action: 'person.createFirstOperatorLink',
        target: { kind: 'signInLink', id: link?.id ?? 'unknown' },
        after: { expiresAt: expiresAt.toISOString() },
      },
    )
    return { kind: 'created', url: linkUrl(input.publicUrl, token), expiresAt }
  })
}
