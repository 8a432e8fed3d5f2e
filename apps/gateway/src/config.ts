import { isIP } from 'node:net'
import { z } from 'zod'
import { GatewayError } from './gateway-error.ts'

/** `10.0.0.0/8` or `::1`. */
const addressRange = z
  .string()
  .refine((text) => /^[^/]+(\/\d{1,3})?$/.test(text) && isIP(text.split('/')[0] ?? '') !== 0, 'not an address range')

const environment = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  RUSHES_PUBLIC_URL: z.url({ protocol: /^https?$/ }),
  RUSHES_SECRET: z.string().min(16),
  RUSHES_GATEWAY_PORT: z.coerce.number().int().min(0).max(65_535).default(3001),
  RUSHES_HOST: z.string().min(1).default('127.0.0.1'),
  // The control plane passes connections on from this machine; whatever else does so has to be named.
  RUSHES_TRUSTED_PROXIES: z
    .string()
    .default('127.0.0.0/8,::1')
    .transform((text) => text.split(',').flatMap((part) => (part.trim() === '' ? [] : [part.trim()])))
    .pipe(z.array(addressRange)),
})

const examples: Record<keyof z.infer<typeof environment>, string> = {
  DATABASE_URL: 'postgresql://rushes:secret@localhost:5432/rushes',
  RUSHES_PUBLIC_URL: 'https://rushes.example.com',
  RUSHES_SECRET: 'a-long-random-text-that-all-programs-share',
  RUSHES_GATEWAY_PORT: '3001',
  RUSHES_HOST: '127.0.0.1',
  RUSHES_TRUSTED_PROXIES: '127.0.0.0/8,10.1.2.3',
}

export type Config = {
  databaseUrl: string
  publicUrl: string
  secret: string
  port: number
  host: string
  /** Addresses or CIDR ranges whose `x-forwarded-for` is believed. */
  trustedProxies: readonly string[]
}

/** Reads the environment once. @throws GatewayError `badEnvironment` */
export function readConfig(from: NodeJS.ProcessEnv = process.env): Config {
  const parsed = environment.safeParse(from)
  if (!parsed.success) {
    const name = String(parsed.error.issues[0]?.path[0])
    const isMissing = from[name] === undefined || from[name] === ''
    const example = Object.entries(examples).find(([key]) => key === name)?.[1] ?? ''
    throw new GatewayError(
      'badEnvironment',
      isMissing ? `${name} is not set` : `${name} is not usable`,
      `For example ${name}=${example}`,
    )
  }
  const { data } = parsed
  return {
    databaseUrl: data.DATABASE_URL,
    publicUrl: data.RUSHES_PUBLIC_URL,
    secret: data.RUSHES_SECRET,
    port: data.RUSHES_GATEWAY_PORT,
    host: data.RUSHES_HOST,
    trustedProxies: data.RUSHES_TRUSTED_PROXIES,
  }
}
