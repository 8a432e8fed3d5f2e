import type { Role } from '@rushes/fleet'
import type { ApiContext } from '../src/context.ts'
import { appRouter } from '../src/router.ts'
import { createCallerFactory } from '../src/trpc.ts'

export const now = new Date('2026-11-22T10:00:00Z')

/** The router as somebody of this role calls it; null: nobody is signed in. */
export function callerAs(role: Role | null, db: ApiContext['db'], over: Partial<ApiContext> = {}) {
  return createCallerFactory(appRouter)({
    db,
    now: () => now,
    signedIn:
      role === null
        ? null
        : {
            person: { id: `person-${role}`, name: role, email: `${role}@example.com`, role },
            session: { id: 's', expiresAt: new Date(now.getTime() + 3_600_000) },
          },
    remoteAddress: '192.0.2.1',
    publicUrl: 'https://rushes.example.com',
    requestId: 'request-1',
    onUnexpected: ({ error }) => {
      throw new Error('no failure was expected here', { cause: error })
    },
    ...over,
  })
}
