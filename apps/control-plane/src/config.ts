import { z } from 'zod'
import { storeOriginOf } from './routing/store-origin.ts'

export type Config = {
  databaseUrl: string
  /** Keys of the cookies are derived from it. */
  secret: string
  /** The origin that people and devices see. */
  publicUrl: string
  /** Where the gateway answers, as seen from here. */
  gatewayUrl: string
  /** Where ingest answers, as seen from here and from the devices. */
  ingestUrl: string
  trustedProxies: string[]
  /** Where clips are played from when they are kept in a bucket; null: from here. */
  storeOrigin: string | null
}

/** A missing or malformed setting. `message` lists every one of them with an example. */
export class ConfigError extends Error {
  readonly code = 'badEnvironment'
  readonly hint = 'Set the variables that are named, then start again.'

  constructor(faults: readonly string[]) {
    super(`the control plane cannot start:\n  ${faults.join('\n  ')}`)
    this.name = 'ConfigError'
  }
}

const httpUrl = z.url({ protocol: /^https?$/ })

/** Addresses and CIDR ranges with commas between them; whether each is one is found out when it is used. */
const addressRanges = /^\s*[\da-f.:]+(\/\d{1,3})?(\s*,\s*[\da-f.:]+(\/\d{1,3})?)*\s*$/i

const settings = {
  DATABASE_URL: {
    schema: z.url({ protocol: /^postgres(ql)?$/ }),
    example: 'postgresql://rushes:password@localhost:5432/rushes',
  },
  RUSHES_SECRET: { schema: z.string().min(16), example: '64 random hexadecimal digits (openssl rand -hex 32)' },
  RUSHES_PUBLIC_URL: { schema: httpUrl, example: 'https://rushes.example.com' },
  RUSHES_GATEWAY_URL: { schema: httpUrl, example: 'http://127.0.0.1:3001' },
  RUSHES_INGEST_URL: { schema: httpUrl, example: 'http://127.0.0.1:3002' },
  OBJECT_STORE_URL: {
    schema: z.url({ protocol: /^(file|s3)$/ }).optional(),
    example: 's3://rushes?endpoint=https://s3.example.com',
  },
  AWS_REGION: {
    schema: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/)
      .optional(),
    example: 'eu-central-1',
  },
  AWS_DEFAULT_REGION: {
    schema: z
      .string()
      .regex(/^[a-z0-9-]{1,40}$/)
      .optional(),
    example: 'eu-central-1',
  },
  RUSHES_TRUSTED_PROXIES: { schema: z.string().regex(addressRanges).optional(), example: '10.0.0.0/8,192.0.2.7' },
}

/**
 * Reads the environment of the control plane.
 *
 * @throws ConfigError naming each variable that is missing or malformed, with an example
 */
export function readConfig(environment: Record<string, string | undefined>): Config {
  const faults: string[] = []
  const read = (name: keyof typeof settings): string => {
    const { schema, example } = settings[name]
    const value = environment[name]
    const parsed = schema.safeParse(value === '' ? undefined : value)
    if (!parsed.success) faults.push(`${name} is ${value ? 'malformed' : 'missing'}; for example ${name}=${example}`)
    return parsed.data ?? ''
  }
  const config: Config = {
    databaseUrl: read('DATABASE_URL'),
    secret: read('RUSHES_SECRET'),
    publicUrl: originOf(read('RUSHES_PUBLIC_URL')),
    gatewayUrl: read('RUSHES_GATEWAY_URL'),
    ingestUrl: read('RUSHES_INGEST_URL'),
    trustedProxies: read('RUSHES_TRUSTED_PROXIES')
      .split(',')
      .map((part) => part.trim())
      .filter((part) => part !== ''),
    storeOrigin: storeOriginOf(
      read('OBJECT_STORE_URL'),
      read('AWS_REGION') || read('AWS_DEFAULT_REGION') || 'us-east-1',
    ),
  }
  if (faults.length > 0) throw new ConfigError(faults)
  return config
}

const originOf = (url: string) => (URL.canParse(url) ? new URL(url).origin : url)

let known: Config | undefined

/** The configuration of this process, read once. */
export function config(): Config {
  known ??= readConfig(process.env)
  return known
}

/** Next builds what runs at the start for its other runtime too, which has no process and no sockets. */
export const runsOnNode = process.env.NEXT_RUNTIME === 'nodejs'

/** Ends the process when the environment cannot be used, saying what is wrong with it. Next itself would serve errors instead. */
export function endOnWrongConfig(): void {
  try {
    config()
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    console.error(`${error.message}\n${error.hint}`)
    if (runsOnNode) process.exit(1)
  }
}
