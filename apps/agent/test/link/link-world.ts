import { type FakeClock, fakeClock } from '@rushes/test-kit'
import { pino } from 'pino'
import { onTestFinished } from 'vitest'
import { runLink } from '../../src/link/run-link.ts'
import type { LinkIdentity, RunningLink } from '../../src/link-port.ts'
import { createFakePort, type FakePort } from './fake-port.ts'
import { type GatewaySession, type ScriptedGateway, startScriptedGateway } from './scripted-gateway.ts'

export type LinkWorld = {
  gateway: ScriptedGateway
  port: FakePort
  clock: FakeClock
  link: RunningLink
  identity: LinkIdentity
  /** Lines of the log, parsed. */
  log: { level: number; msg: string; link?: string; cause?: string; detail?: string }[]
  /** Everything that was logged, as text. */
  logText(): string
  /** What the link draws, in [0, 1). */
  random: number
  /** The next connection, up to the end of its first snapshot. */
  online(fields?: Parameters<GatewaySession['welcome']>[0]): Promise<GatewaySession>
  /** Lets time pass on a live connection, in steps between which pings and pongs are exchanged. */
  live(session: GatewaySession, durationMs: number): Promise<void>
  /** Advances to the next attempt to connect and returns how many milliseconds that was. */
  nextAttempt(): Promise<number>
  /** Stops the link and starts one anew on the same port, as a restart of the process does. */
  restart(): Promise<void>
  /** Resolves once the link is in that state, and in that cause where one is named. */
  until(state: string, cause?: string): Promise<void>
}

/** A link over a fake port, connected to a scripted gateway, in a time of its own. */
export async function startLinkWorld(
  options: {
    identity?: Partial<LinkIdentity> | null
    allowInsecure?: boolean
    prepare?: (port: FakePort) => void
  } = {},
): Promise<LinkWorld> {
  const gateway = await startScriptedGateway()
  const identity: LinkIdentity = {
    deviceId: 'device-1',
    deviceSecret: 'rushes_dev_device-1.opaque-secret',
    agentUrl: gateway.url,
    agentVersion: '0.1.0',
    bootId: 'boot-1',
    outboxId: 'outbox-1',
    ...options.identity,
  }
  const port = createFakePort(options.identity === null ? null : identity)
  options.prepare?.(port)
  const clock = fakeClock()
  const lines: string[] = []
  const logger = pino({ level: 'debug' }, { write: (line: string) => void lines.push(line) })
  let drawn = 0.5
  const start = () =>
    runLink({
      port,
      log: logger,
      allowInsecure: options.allowInsecure ?? false,
      // Its origin means nothing, as that of a real one.
      clock: { now: () => clock.now() - 1_700_000_000_000, date: clock.date, schedule: clock.schedule },
      random: () => drawn,
      machine: { hostname: 'cart-1', platform: 'linux x64' },
    })
  const world: LinkWorld = {
    gateway,
    port,
    clock,
    identity,
    link: start(),
    get random() {
      return drawn
    },
    set random(value) {
      drawn = value
    },
    get log() {
      return lines.map((line) => JSON.parse(line))
    },
    logText: () => lines.join(''),
    online: async (fields) => {
      const session = await gateway.nextSession()
      await session.welcome(fields)
      return session
    },
    live: async (session, durationMs) => {
      for (let left = durationMs; left > 0; left -= 2_000) {
        await clock.advance(Math.min(left, 2_000))
        await session.roundTrip()
      }
    },
    nextAttempt: async () => {
      const { nextAttemptAt } = world.link.status()
      if (nextAttemptAt === null) throw new Error(`no attempt is due: ${JSON.stringify(world.link.status())}`)
      const delayMs = Date.parse(nextAttemptAt) - clock.now()
      await clock.advance(delayMs)
      return delayMs
    },
    restart: async () => {
      await world.link.stop()
      world.link = start()
    },
    until: async (state, cause) => {
      const isThere = () => {
        const status = world.link.status()
        return status.state === state && (cause === undefined || status.cause === cause)
      }
      const deadline = Date.now() + 15_000
      while (!isThere()) {
        if (Date.now() > deadline) throw new Error(`the link is ${JSON.stringify(world.link.status())}, not ${state}`)
        await new Promise((resolve) => setImmediate(resolve))
      }
    },
  }
  onTestFinished(async () => {
    const stopped = world.link.stop()
    await gateway.stop()
    await stopped
  })
  return world
}
