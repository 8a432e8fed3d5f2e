import { readFileSync } from 'node:fs'
import { availableParallelism, homedir } from 'node:os'
import { isAbsolute, join, resolve } from 'node:path'
import { retryLimits } from '@rushes/upload-core'
import { z } from 'zod'
import { AgentError, errorCode } from './agent-error.ts'
import { isAbsence } from './capture/whereabouts.ts'
import type { Supervisor } from './daemon/notify-supervisor.ts'
import { weekdays } from './destination/bandwidth-limit.ts'
import type { ProxySettings } from './network-settings.ts'

const watchFolder = z.strictObject({
  path: z.string().min(1).describe('The folder to watch; relative paths begin at the folder of this file.'),
  channel: z.int().min(0).default(0).describe('The channel of the destination that its clips go to.'),
  mode: z.enum(['realtime', 'on-close', 'manual']).default('on-close'),
  include: z.array(z.string()).default([]).describe('Globs; empty means everything.'),
  exclude: z.array(z.string()).default([]),
  order: z.enum(['oldest-first', 'newest-first']).default('oldest-first'),
  bytesPerSecond: z
    .number()
    .positive()
    .nullable()
    .default(null)
    .describe('Data rate of the recorder, for growing files.'),
})

const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day as HH:MM')
const bytesPerSecond = z
  .number()
  .min(1_000)
  .nullable()
  .describe('Bytes per second of all parts together; null: no limit.')
const bandwidth = z.strictObject({
  bytesPerSecond: bytesPerSecond.default(null),
  timetable: z
    .array(
      z.strictObject({
        days: z.array(z.enum(weekdays)).default([]).describe('On which the period begins; empty: every day.'),
        from: timeOfDay.describe("By the device's local time."),
        to: timeOfDay.describe('Earlier than from: on the next day; the same: a whole day.'),
        bytesPerSecond,
      }),
    )
    .default([])
    .describe('The first period that applies counts; outside of them all, bytesPerSecond.'),
})

/** `agent.json`. What is left out has a default that suits a capture device. */
export const agentFile = z.strictObject({
  $schema: z.string().optional(),
  watch: z.array(watchFolder).default([]),
  workers: z.int().min(1).max(64).optional().describe('Parts sent at once; found by measuring unless said.'),
  settleMs: z
    .int()
    .min(0)
    .max(600_000)
    .default(2_000)
    .describe(
      'How long a file must rest before it counts as complete. Longer than any pause of a recorder that the agent cannot see at work, on another machine for example.',
    ),
  stallMs: z
    .int()
    .min(100)
    .max(1_800_000)
    .default(30_000)
    .describe('A part without a byte moving for this long is tried again.'),
  drainMs: z
    .int()
    .min(0)
    .max(600_000)
    .default(5_000)
    .describe('How long parts on their way may finish when the agent is told to stop.'),
  caFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      'PEM file with certificates of authorities to trust, besides those of the system; relative to this file.',
    ),
  bandwidth: bandwidth
    .optional()
    .describe(
      'How much of the line the bytes of clips may take, and when; their headers and all other calls come on top.',
    ),
  retry: z
    .strictObject({
      baseDelayMs: z.int().min(1).default(retryLimits.baseDelayMs),
      maxDelayMs: z.int().min(1).default(retryLimits.maxDelayMs),
      jobPauseMs: z.int().min(1).default(retryLimits.jobPauseMs),
    })
    .optional(),
})
export type AgentFile = z.infer<typeof agentFile>
const settingNames = Object.keys(agentFile.shape).filter((name) => !name.startsWith('$'))

/** Where the state of the agent lies: the flag, else `RUSHES_STATE_DIR`, else the user's state folder. */
export function stateDirOf(flag: string | undefined): string {
  const chosen = flag ?? process.env.RUSHES_STATE_DIR
  if (chosen !== undefined && chosen !== '') return resolve(chosen)
  return join(homedir(), '.local', 'state', 'rushes-agent')
}

/** Reads `agent.json` of a state folder, or the named file. A missing `agent.json` means defaults; a missing named file is an error. */
export function readAgentFile(stateDir: string, flag: string | undefined): AgentFile {
  const path = flag ?? join(stateDir, 'agent.json')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    if (flag === undefined && isAbsence(cause)) return agentFile.parse({})
    throw new AgentError(
      'CONFIG_INVALID',
      `cannot read ${path} (${errorCode(cause)})`,
      'Check the path and that this user may read it.',
      cause,
    )
  }
  const parsed = agentFile.safeParse(parseJson(text, path))
  if (!parsed.success) {
    const problems = parsed.error.issues
      .map(({ path: at, message }) => `${at.join('.') || 'the file'}: ${message}`)
      .join('; ')
    throw new AgentError(
      'CONFIG_INVALID',
      `${path} is not valid: ${problems}`,
      `For example: {"watch": [{"path": "/media/card"}]}; it may hold ${settingNames.join(', ')}`,
    )
  }
  const folder = resolve(path, '..')
  const watch = parsed.data.watch.map((setting) =>
    isAbsolute(setting.path) ? setting : { ...setting, path: resolve(folder, setting.path) },
  )
  const { caFile } = parsed.data
  return { ...parsed.data, watch, ...(caFile === undefined ? {} : { caFile: resolve(folder, caFile) }) }
}

/** The authorities that `agent.json` names, for commands that have no need of the rest and must work however wrong that is. */
export function caFileOf(stateDir: string): string | undefined {
  try {
    const named = z
      .looseObject({ caFile: z.string() })
      .safeParse(JSON.parse(readFileSync(join(stateDir, 'agent.json'), 'utf8')))
    return named.success ? resolve(stateDir, named.data.caFile) : undefined
  } catch {
    return undefined // no file, or none that is JSON: the daemon says so when it starts
  }
}

/** Two parts at once per core, the guide's rule of thumb, is where measuring begins. */
export const defaultWorkers = (): number => availableParallelism() * 2

/** The secret of the device model at a foreign destination, where it is not to be seen in the list of processes. */
export const clientSecretOfEnvironment = (): string | undefined => process.env.RUSHES_CLIENT_SECRET || undefined

/** The usual variables, in either case. What is on this machine is never reached through a proxy. */
export function proxyOfEnvironment(): ProxySettings {
  const { env } = process
  const httpProxy = env.http_proxy || env.HTTP_PROXY || ''
  const httpsProxy = env.https_proxy || env.HTTPS_PROXY || ''
  const noProxy = ['localhost', '127.0.0.1', '::1', env.no_proxy || env.NO_PROXY || ''].filter((name) => name !== '')
  for (const [name, address] of [
    ['HTTP_PROXY', httpProxy],
    ['HTTPS_PROXY', httpsProxy],
  ]) {
    if (address !== '' && !/^https?:$/.test(URL.parse(address ?? '')?.protocol ?? ''))
      throw new AgentError(
        'CONFIG_INVALID',
        `${name} is not the address of a proxy`,
        'For example: http://proxy.local:3128',
      )
  }
  return { httpProxy, httpsProxy, noProxy: noProxy.join(',') }
}

/** Whether systemd waits to be told that the agent runs, and how often it wants to hear of it; null where nobody does. */
export function supervisorOfEnvironment(): Supervisor | null {
  if (!process.env.NOTIFY_SOCKET) return null
  const watchdogMs = Number(process.env.WATCHDOG_USEC) / 1_000
  return { watchdogMs: Number.isFinite(watchdogMs) && watchdogMs > 0 ? watchdogMs : null }
}

/** A terminal that knows no control sequences, as in editors. */
export const terminalIsDumb = (): boolean => process.env.TERM === 'dumb'

/** How much is logged: a level of pino. */
export const logLevel = (): string => process.env.RUSHES_LOG_LEVEL ?? 'info'

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new AgentError(
      'CONFIG_INVALID',
      `${path} is not JSON`,
      'For example: {"watch": [{"path": "/media/card"}]}',
      cause,
    )
  }
}

/**
 * A file call that hangs holds one of the threads for them, of which Node.js has four: as many may hang as one watch folder has readers, and others
 * must still get a thread. Nothing comes of it after the first file call.
 */
export function widenThreadPool(): void {
  process.env.UV_THREADPOOL_SIZE ??= '8'
}
