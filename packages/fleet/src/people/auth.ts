import { hkdfSync } from 'node:crypto'
import { accounts, type Database, people, sessions, verifications } from '@rushes/db'
import { betterAuth } from 'better-auth'
import { drizzleAdapter } from 'better-auth/adapters/drizzle'
import { APIError, createAuthMiddleware } from 'better-auth/api'
import { createAttemptLimiter } from './attempt-limiter.ts'

export type AuthOptions = {
  db: Database
  /** The installation's secret; the key of the cookies is derived from it, so every program with the same one reads them. */
  secret: string
  /** The public origin. With `https:` the cookies are `Secure`. */
  baseUrl: string
  /** Told of failures inside the sign-in machinery. */
  onError?: (error: unknown) => void
}

/** Sign-in by e-mail and password. Nobody signs up alone: people are made by other people or by a one-time link. */
export type Auth = {
  /** Answers `/api/auth/*`: sign-in, sign-out, and the session itself, renewed when it is a day old. */
  handle(request: Request): Promise<Response>
  /** The session that the cookies of these headers name, without renewing it. Use `findSession`. */
  readSession(headers: Headers): Promise<SessionRow | null>
}

export type SessionRow = {
  session: { id: string; expiresAt: Date }
  user: { id: string; name: string; email: string; role?: unknown; disabledAt?: unknown }
}

export const minPasswordLength = 10
export const maxPasswordLength = 128
export const maxEmailLength = 254

const sessionLifetimeSeconds = 14 * 86_400
const sessionRenewalSeconds = 86_400

/** What `/api/auth` answers; whatever else better-auth would offer there does not exist. */
const openPaths = new Set(['/sign-in/email', '/sign-out', '/get-session', '/ok', '/error'])

/**
 * Builds sign-in over the tables `people`, `sessions`, `accounts` and `verifications`. Wrong passwords are limited by address, by e-mail,
 * and most tightly by both together, so that guessing from elsewhere does not lock a person out; the caller sees to it that
 * `x-forwarded-for` holds the client's address and nothing else. Cookies are `HttpOnly` and `SameSite=Lax`.
 */
export function createAuth({ db, secret, baseUrl, onError }: AuthOptions): Auth {
  const window = { windowMs: 10 * 60_000, maxSubjects: 10_000 }
  const attemptsFromAddress = createAttemptLimiter({ ...window, maxAttempts: 10 })
  const attempts = createAttemptLimiter({ ...window, maxAttempts: 100 })
  const auth = betterAuth({
    appName: 'Rushes',
    baseURL: baseUrl,
    basePath: '/api/auth',
    secret: Buffer.from(hkdfSync('sha256', secret, '', 'rushes sign-in cookies', 32)).toString('base64url'),
    telemetry: { enabled: false },
    // The public origin is trusted anyway; so is the host that a request was sent to, that is, the same site by another name.
    trustedOrigins: (request) => ownOrigin(request?.headers),
    database: drizzleAdapter(db, {
      provider: 'pg',
      schema: { user: people, session: sessions, account: accounts, verification: verifications },
      transaction: true,
    }),
    emailAndPassword: { enabled: true, disableSignUp: true, minPasswordLength, maxPasswordLength },
    user: {
      additionalFields: {
        role: { type: 'string', required: false, input: false, defaultValue: 'viewer' },
        disabledAt: { type: 'date', required: false, input: false },
      },
    },
    session: { expiresIn: sessionLifetimeSeconds, updateAge: sessionRenewalSeconds, cookieCache: { enabled: false } },
    rateLimit: {
      enabled: true,
      window: 60,
      max: 300,
      customRules: { '/sign-in/email': { window: 60, max: 30 }, '/get-session': { window: 60, max: 600 } },
    },
    advanced: {
      cookiePrefix: 'rushes',
      // Said aloud, because the library drops these checks by itself where it believes to be tested.
      disableCSRFCheck: false,
      disableOriginCheck: false,
      useSecureCookies: baseUrl.startsWith('https:'),
      defaultCookieAttributes: { sameSite: 'lax', httpOnly: true, path: '/' },
    },
    hooks: {
      before: createAuthMiddleware(async (context) => {
        // Server calls (`auth.api`) carry no request and are ours alone.
        if (context.request !== undefined && !openPaths.has(context.path)) throw new APIError('NOT_FOUND')
        if (context.path !== '/sign-in/email') return
        const subject = String(context.body?.email ?? '').toLowerCase()
        // Nobody has such an address, and what is counted is kept in memory.
        if (subject.length > maxEmailLength)
          throw new APIError('BAD_REQUEST', { message: 'This is no e-mail address.' })
        const isAllowed = attemptsFromAddress.take(fromAddress(subject, context), Date.now())
        if (!isAllowed || !attempts.take(subject, Date.now()))
          throw new APIError('TOO_MANY_REQUESTS', { message: tooManyAttempts })
      }),
      after: createAuthMiddleware(async (context) => {
        if (context.path !== '/sign-in/email' || context.context.newSession === null) return
        const subject = String(context.body?.email ?? '').toLowerCase()
        attempts.forget(subject)
        attemptsFromAddress.forget(fromAddress(subject, context))
      }),
    },
    databaseHooks: {
      session: {
        create: {
          before: async (session) => {
            const person = await db.query.people.findFirst({ where: (t, { eq }) => eq(t.id, session.userId) })
            // The same words as for a wrong password: nobody learns which accounts exist.
            if (person === undefined || person.disabledAt !== null)
              throw new APIError('UNAUTHORIZED', {
                message: 'Invalid email or password',
                code: 'INVALID_EMAIL_OR_PASSWORD',
              })
          },
        },
      },
    },
    // At this level refusals of a request are answers, not log lines; what remains as `error` is a failure.
    logger: {
      level: 'info',
      log: (level, message, ...details) => {
        if (level === 'error') onError?.(details.find((detail) => detail instanceof Error) ?? new Error(message))
      },
    },
  })
  return {
    handle: (request) => auth.handler(request),
    readSession: (headers) => auth.api.getSession({ headers, query: { disableRefresh: true } }),
  }
}

function ownOrigin(headers: Headers | undefined): string[] {
  const origin = headers?.get('origin') ?? ''
  return URL.canParse(origin) && new URL(origin).host === headers?.get('host') ? [origin] : []
}

const fromAddress = (subject: string, { headers }: { headers?: Headers | undefined }) =>
  `${subject} from ${headers?.get('x-forwarded-for') ?? 'nowhere'}`

const tooManyAttempts = 'Too many tries for this e-mail address. Wait ten minutes, then try again.'
