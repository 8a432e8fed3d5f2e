import { isIP } from 'node:net'
import { z } from 'zod'
import { StartError } from './start-error.ts'
import { parseStoreUrl, type StoreConfig } from './store/address.ts'

export type RateLimits = 'default' | 'frameio'

export type Config = {
  databaseUrl: string
  /** Where clips are kept. */
  store: StoreConfig
  /** The most that the store may hold; null: as much as there is room for. */
  storeQuotaBytes: number | null
  /** With less room than this, operators are told. */
  storeLowBytes: number
  host: string
  port: number
  /** Where `/metrics` is served; null: nowhere. */
  metricsPort: number | null
  /** How long a stop waits for uploads in flight. */
  drainMs: number
  /** Where people sign in; the control link is there as well. */
  publicUrl: string
  /** How devices reach this program: signed URLs begin with it. */
  ingestUrl: string
  /** The installation's secret, and the one before it while it is being replaced. */
  secrets: [string, ...string[]]
  /** Of the model for other C2C devices. */
  clientSecret: string | undefined
  rateLimits: RateLimits
  /** How often each stored clip is read again, and how fast at most; 0 days: only when somebody asks. */
  scrub: { everyDays: number; bytesPerSecond: number }
  /** Reverse proxies whose `x-forwarded-for` is believed. */
  trustedProxies: string[]
}

const port = z
  .string()
  .regex(/^\d{1,5}$/)
  .transform(Number)
  .refine((value) => value <= 65_535)
const byteCount = z
  .string()
  .regex(/^[1-9]\d{0,14}$/)
  .transform(Number)
const seconds = z
  .string()
  .regex(/^\d{1,4}$/)
  .transform(Number)
const address = z.url({ protocol: /^https?$/ }).transform((url) => url.replace(/\/+$/, ''))
const proxies = z
  .string()
  .transform((text) => text.split(',').map((entry) => entry.trim()))
  .refine((entries) => entries.every(isAddressOrRange))
const region = z.string().regex(/^[a-z0-9-]{1,40}$/)

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
  RUSHES_STORE_QUOTA_BYTES: byteCount.optional(),
  RUSHES_STORE_LOW_BYTES: byteCount.default(10_000_000_000),
  RUSHES_INGEST_METRICS_PORT: port.optional(),
  RUSHES_INGEST_DRAIN_SECONDS: seconds.default(6),
  RUSHES_RATE_LIMITS: z.enum(['default', 'frameio']).default('default'),
  RUSHES_SCRUB_DAYS: z.coerce.number().int().min(0).max(3_650).default(30),
  // At 32 MiB/s everything of 80 TB is read within the 30 days.
  RUSHES_SCRUB_BYTES_PER_SECOND: z.coerce.number().int().min(65_536).default(33_554_432),
  RUSHES_TRUSTED_PROXIES: proxies.default([]),
  AWS_ACCESS_KEY_ID: z.string().optional(),
  AWS_SECRET_ACCESS_KEY: z.string().optional(),
  AWS_SESSION_TOKEN: z.string().optional(),
  AWS_REGION: region.optional(),
  AWS_DEFAULT_REGION: region.optional(),
})

const examples: Record<keyof z.input<typeof environment>, string> = {
  DATABASE_URL: 'postgresql://rushes:password@localhost:5432/rushes',
  OBJECT_STORE_URL: 'file:///srv/rushes/footage or s3://footage?endpoint=https://s3.example.com&region=us-east-1',
  RUSHES_SECRET: 'at-least-16-random-characters',
  RUSHES_SECRET_PREVIOUS: 'the-secret-before-this-one',
  RUSHES_INGEST_PORT: '3002',
  RUSHES_HOST: '0.0.0.0',
  RUSHES_PUBLIC_URL: 'https://rushes.example.com',
  RUSHES_INGEST_URL: 'https://ingest.rushes.example.com',
  RUSHES_CLIENT_SECRET: 'at-least-16-characters',
  RUSHES_STORE_QUOTA_BYTES: '20000000000000',
  RUSHES_STORE_LOW_BYTES: '100000000000',
  RUSHES_INGEST_METRICS_PORT: '9464',
  RUSHES_INGEST_DRAIN_SECONDS: '25',
  RUSHES_RATE_LIMITS: 'frameio',
  RUSHES_SCRUB_DAYS: '30',
  RUSHES_SCRUB_BYTES_PER_SECOND: '33554432',
  RUSHES_TRUSTED_PROXIES: '10.0.0.0/8,192.0.2.1',
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'the-secret-of-that-key',
  AWS_SESSION_TOKEN: 'the-token-of-temporary-keys',
  AWS_REGION: 'eu-central-1',
  AWS_DEFAULT_REGION: 'eu-central-1',
}
type Name = keyof typeof examples

/**
 * Four threads, the default, do all work with files: as many parts that are being synced keep every other one from being written.
 * To be called before the first of that work.
 */
export function widenThreadPool(): void {
  process.env.UV_THREADPOOL_SIZE ??= '12'
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
    throw bad(name, set[name] === undefined ? 'is not set' : 'has a value that cannot be used')
  }
  const env = parsed.data
  return {
    databaseUrl: env.DATABASE_URL,
    store: storeOf(env),
    host: env.RUSHES_HOST,
    port: env.RUSHES_INGEST_PORT,
    metricsPort: env.RUSHES_INGEST_METRICS_PORT ?? null,
    drainMs: env.RUSHES_INGEST_DRAIN_SECONDS * 1_000,
    storeQuotaBytes: env.RUSHES_STORE_QUOTA_BYTES ?? null,
    storeLowBytes: env.RUSHES_STORE_LOW_BYTES,
    publicUrl: env.RUSHES_PUBLIC_URL,
    ingestUrl: env.RUSHES_INGEST_URL ?? `http://localhost:${env.RUSHES_INGEST_PORT}`,
    secrets: [env.RUSHES_SECRET, ...(env.RUSHES_SECRET_PREVIOUS === undefined ? [] : [env.RUSHES_SECRET_PREVIOUS])],
    clientSecret: env.RUSHES_CLIENT_SECRET,
    rateLimits: env.RUSHES_RATE_LIMITS,
    scrub: { everyDays: env.RUSHES_SCRUB_DAYS, bytesPerSecond: env.RUSHES_SCRUB_BYTES_PER_SECOND },
    trustedProxies: env.RUSHES_TRUSTED_PROXIES,
  }
}

type Environment = z.infer<typeof environment>

function storeOf(env: Environment): StoreConfig {
  const address = parseStoreUrl(env.OBJECT_STORE_URL, env.AWS_REGION ?? env.AWS_DEFAULT_REGION ?? 'us-east-1')
  if (address === null) throw bad('OBJECT_STORE_URL', 'has a value that cannot be used')
  if (address.kind === 'folder') return address
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, AWS_SESSION_TOKEN: token } = env
  if (accessKeyId === undefined) throw bad('AWS_ACCESS_KEY_ID', 'is not set, and a bucket needs it')
  if (secretAccessKey === undefined) throw bad('AWS_SECRET_ACCESS_KEY', 'is not set, and a bucket needs it')
  const credentials = { accessKeyId, secretAccessKey, ...(token === undefined ? {} : { sessionToken: token }) }
  return { ...address, credentials }
}

const bad = (name: Name, problem: string) =>
  new StartError('badEnvironment', `${name} ${problem}`, `Set it, for example ${name}=${examples[name]}`)

function isAddressOrRange(entry: string): boolean {
  const [ip = '', prefix, ...more] = entry.split('/')
  const version = isIP(ip)
  if (version === 0 || more.length > 0) return false
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))
}
