import { isIP } from 'node:net'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'
import { StartError } from './start-error.ts'

export type RateLimits = 'default' | 'frameio'

export type Config = {
  databaseUrl: string
  /** Where the folder store keeps everything. */
  storeDir: string
  host: string
  port: number
  /** Where people sign in; the control link is there as well. */
  publicUrl: string
  /** How devices reach this program: signed URLs begin with it. */
  ingestUrl: string
  /** The installation's secret, and the one before it while it is being replaced. */
  secrets: [string, ...string[]]
  /** Of the model for other C2C devices. */
  clientSecret: string | undefined
  rateLimits: RateLimits
  /** Reverse proxies whose `x-forwarded-for` is believed. */
  trustedProxies: string[]
}

const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .refine((value) => value <= 65_535)
const address = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''))
const proxies = z
  .string()
  .transform((text) => text.split(',').map((entry) => entry.trim()))
  .refine((entries) => entries.every(isAddressOrRange))

const environment = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  OBJECT_STORE_URL: z.url({ protocol: /^(file|s3)$/ }),
  RUSHES_SECRET: z.string().min(16),
  RUSHES_SECRET_PREVIOUS: z.string().min(16).optional(),
  RUSHES_INGEST_PORT: port.default(3002),
  RUSHES_HOST: z.string().min(1).default('127.0.0.1'),
  RUSHES_PUBLIC_URL: address.default('http://localhost:3000'),
  RUSHES_INGEST_URL: address.optional(),
  RUSHES_CLIENT_SECRET: z.string().min(16).optional(),
  RUSHES_RATE_LIMITS: z.enum(['default', 'frameio']).default('default'),
  RUSHES_TRUSTED_PROXIES: proxies.default([]),
})

const examples: Record<keyof z.input<typeof environment>, string> = {
  DATABASE_URL: 'postgresql://rushes:password@localhost:5432/rushes',
  OBJECT_STORE_URL: 'file:///srv/rushes/footage',
  RUSHES_SECRET: 'at-least-16-random-characters',
  RUSHES_SECRET_PREVIOUS: 'the-secret-before-this-one',
  RUSHES_INGEST_PORT: '3002',
  RUSHES_HOST: '0.0.0.0',
  RUSHES_PUBLIC_URL: 'https://rushes.example.com',
  RUSHES_INGEST_URL: 'https://ingest.rushes.example.com',
  RUSHES_CLIENT_SECRET: 'at-least-16-characters',
  RUSHES_RATE_LIMITS: 'frameio',
  RUSHES_TRUSTED_PROXIES: '10.0.0.0/8,192.0.2.1',
}

/**
 * Reads the environment once.
 *
 * @throws StartError `badEnvironment`, naming the variable and an example
 */
export function readConfig(given: Readonly<Record<string, string | undefined>> = process.env): Config {
  // Compose files and unit files say "not set" with an empty value.
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== ''))
  const parsed = environment.safeParse(set)
  if (!parsed.success) {
    const name = environment.keyof().parse(parsed.error.issues[0]?.path[0])
    const problem = set[name] === undefined ? 'is not set' : 'has a value that cannot be used'
    throw new StartError('badEnvironment', `${name} ${problem}`, `Set it, for example ${name}=${examples[name]}`)
  }
  const env = parsed.data
  return {
    databaseUrl: env.DATABASE_URL,
    storeDir: storeDirOf(env.OBJECT_STORE_URL),
    host: env.RUSHES_HOST,
    port: env.RUSHES_INGEST_PORT,
    publicUrl: env.RUSHES_PUBLIC_URL,
    ingestUrl: env.RUSHES_INGEST_URL ?? `http://localhost:${env.RUSHES_INGEST_PORT}`,
    secrets: [env.RUSHES_SECRET, ...(env.RUSHES_SECRET_PREVIOUS === undefined ? [] : [env.RUSHES_SECRET_PREVIOUS])],
    clientSecret: env.RUSHES_CLIENT_SECRET,
    rateLimits: env.RUSHES_RATE_LIMITS,
    trustedProxies: env.RUSHES_TRUSTED_PROXIES,
  }
}

function storeDirOf(url: string): string {
  try {
    return fileURLToPath(url)
  } catch (cause) {
    const problem = url.startsWith('s3:') ? 'names an S3 bucket, which this version cannot use' : 'names no folder here'
    throw new StartError(
      'badEnvironment',
      `OBJECT_STORE_URL ${problem}`,
      `Set it, for example OBJECT_STORE_URL=${examples.OBJECT_STORE_URL}`,
      cause,
    )
  }
}

function isAddressOrRange(entry: string): boolean {
  const [ip = '', prefix, ...more] = entry.split('/')
  const version = isIP(ip)
  if (version === 0 || more.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))
}
