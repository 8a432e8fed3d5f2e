import { networkInterfaces } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Failure } from '../failure.ts'
import { freePort } from './ports.ts'
import { rootDir } from './repository.ts'

export type StartOptions = {
  readonly dataDir: string
  /** Where control plane and ingest listen; the gateway stays on loopback, behind the control plane. */
  readonly host: string
  readonly controlPlanePort: number
  readonly gatewayPort: number
  readonly ingestPort: number
  /** What browsers and devices call it. */
  readonly publicUrl: string
  readonly ingestUrl: string
  readonly demo: boolean
  /** Print every line of the programs, not only what needs attention. */
  readonly verbose: boolean
  /** A PostgreSQL of the user's own, instead of the embedded one. */
  readonly databaseUrl: string | undefined
  /** Handed on to the programs when set. */
  readonly given: Readonly<Record<string, string>>
}

export const usage = `npm start -- [options]

  --data-dir DIR       where everything is kept (default ./data)
  --host ADDRESS       where control plane and ingest listen (default 127.0.0.1; 0.0.0.0 opens them to the network)
  --port PORT          of the control plane (default 3000; 0: any free ones); gateway and ingest take the next two,
                       or RUSHES_GATEWAY_PORT and RUSHES_INGEST_PORT
  --no-demo            without the demo devices
  --verbose            print every line of the programs
  --help`

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads the command line and the environment of `npm start`.
 *
 * @param invokedFrom what a relative --data-dir is relative to
 * @returns 'help' when that is asked for
 * @throws Failure `badArgument`, `badEnvironment`
 */
export async function readStartOptions(
  argv: readonly string[],
  env: Environment,
  invokedFrom: string,
): Promise<StartOptions | 'help'> {
  const values = parse(argv)
  if (values.help === true) return 'help'
  const host = values.host ?? env.RUSHES_HOST ?? '127.0.0.1'
  const wantedPort = wholeNumber('--port', values.port ?? env.RUSHES_CONTROL_PLANE_PORT ?? '3000', 65_533)
  const portOf = async (name: string, offset: number) => {
    const given = env[name]
    if (given !== undefined && given !== '') return wholeNumber(name, given, 65_535)
    return wantedPort === 0 ? freePort() : wantedPort + offset
  }
  const controlPlanePort = wantedPort === 0 ? await freePort() : wantedPort
  const gatewayPort = await portOf('RUSHES_GATEWAY_PORT', 1)
  const ingestPort = await portOf('RUSHES_INGEST_PORT', 2)
  const reachableHost = nameForOthers(host)
  return {
    dataDir: values['data-dir'] === undefined ? join(rootDir, 'data') : resolve(invokedFrom, values['data-dir']),
    host,
    controlPlanePort,
    gatewayPort,
    ingestPort,
    publicUrl: url(env, 'RUSHES_PUBLIC_URL', `http://${reachableHost}:${controlPlanePort}`),
    ingestUrl: url(env, 'RUSHES_INGEST_URL', `http://${reachableHost}:${ingestPort}`),
    demo: values['no-demo'] !== true,
    verbose: values.verbose === true,
    databaseUrl: databaseUrl(env),
    given: Object.fromEntries(
      ['OBJECT_STORE_URL', 'RUSHES_SECRET'].flatMap((name) => (env[name] ? [[name, env[name]]] : [])),
    ),
  }
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        'data-dir': { type: 'string' },
        host: { type: 'string' },
        port: { type: 'string' },
        'no-demo': { type: 'boolean' },
        verbose: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }).values
  } catch (cause) {
    throw new Failure('badArgument', cause instanceof Error ? cause.message : String(cause), usage, cause)
  }
}

function wholeNumber(name: string, text: string, max: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value <= max) return value
  const code = name.startsWith('--') ? 'badArgument' : 'badEnvironment'
  throw new Failure(
    code,
    `${name} is ${JSON.stringify(text)}, not a whole number up to ${max}`,
    `For example: ${name} 3000`,
  )
}

function url(env: Environment, name: string, fallback: string): string {
  const text = env[name]
  if (text === undefined || text === '') return fallback
  if (/^https?:$/.test(parsedUrl(text)?.protocol ?? '')) return text.replace(/\/+$/, '')
  throw new Failure(
    'badEnvironment',
    `${name} is ${JSON.stringify(text)}, no web address`,
    `For example: ${name}=${fallback}`,
  )
}

function databaseUrl(env: Environment): string | undefined {
  const text = env.DATABASE_URL
  if (text === undefined || text === '') return undefined
  if (/^postgres(ql)?:$/.test(parsedUrl(text)?.protocol ?? '')) return text
  throw new Failure(
    'badEnvironment',
    'DATABASE_URL is no address of a PostgreSQL database',
    'For example: DATABASE_URL=postgresql://rushes:password@localhost:5432/rushes',
  )
}

const parsedUrl = (text: string) => (URL.canParse(text) ? new URL(text) : undefined)

/** The name under which others reach what listens on `host`: for "all addresses", the first one that is not loopback. */
function nameForOthers(host: string): string {
  if (host === '127.0.0.1' || host === '::1' || host === 'localhost') return 'localhost'
  if (host !== '0.0.0.0' && host !== '::') return host.includes(':') ? `[${host}]` : host
  const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
  return addresses.find((address) => address.family === 'IPv4' && !address.internal)?.address ?? 'localhost'
}
