import type { AgentFrame, ExecutionUpdate, GatewayFrame } from '@rushes/protocol'
import type { Logger } from 'pino'
import type { LinkPort } from '../link-port.ts'
import type { CommandDesk } from './command-desk.ts'
import { createExecutionSource } from './execution-source.ts'
import type { FrameSource } from './frame-source.ts'
import type { LinkClock } from './link-clock.ts'
import type { Connection } from './open-connection.ts'
import { createOutboxSource } from './outbox-source.ts'
import { createProgressSource } from './progress-source.ts'
import { receiveCommand } from './receive-command.ts'
import { createSnapshotSource } from './snapshot-source.ts'
import { createStatusSource } from './status-source.ts'

/** Frames built in one turn of the event loop: uploads go on beside a long snapshot. */
const maxFramesPerTurn = 4

export type Welcome = Extract<GatewayFrame, { type: 'welcome' }>
type SessionFrame = Exclude<GatewayFrame, { type: 'welcome' | 'goodbye' }>

/** What is said and heard on one connection after its welcome. */
export type Session = {
  receive(frame: SessionFrame): void
  say(update: ExecutionUpdate): void
  /** The socket takes frames again. */
  roomMade(): void
  end(): void
}

/**
 * Begins to report: a snapshot first, then what changes. Everything is pulled from the port when the socket has room, so that a
 * slow network makes reports rarer and never makes anything pile up. `failed` is told once of an error of the port or the link.
 */
export function beginSession(options: {
  port: LinkPort
  connection: Connection
  desk: CommandDesk
  clock: LinkClock
  random: () => number
  log: Logger
  welcome: Welcome
  failed: (error: unknown) => void
}): Session {
  const { port, connection, desk, clock, welcome, failed } = options
  const serverAheadMs = Date.parse(welcome.serverTime) - clock.now()
  const executions = createExecutionSource(options, desk.underWay())
  const outbox = createOutboxSource(options, welcome)
  const snapshot = createSnapshotSource(port)
  const status = createStatusSource(port)
  const progress = createProgressSource(port, welcome.reportEveryMs)
  // Answers to commands don't wait for a long snapshot; everything else is told relative to it.
  const besideSnapshot: readonly FrameSource[] = [executions, snapshot]
  const afterSnapshot: readonly FrameSource[] = [executions, outbox, status, progress]

  let hasEnded = false
  let isTurnComing = false
  let cancelWake = () => {}

  // Listeners are called out of the port's own transactions: nothing is read before the next turn.
  const wake = () => {
    if (hasEnded || isTurnComing) return
    isTurnComing = true
    setImmediate(turn)
  }
  const turn = () => {
    isTurnComing = false
    if (hasEnded) return
    try {
      sendWhatFits()
    } catch (error) {
      // Handed over whole: the link gives the connection up and says why.
      end()
      failed(error)
    }
  }
  const sendWhatFits = () => {
    cancelWake()
    for (let count = 0; count < maxFramesPerTurn; count += 1) {
      if (!connection.hasRoom()) return
      const frame = nextFrame()
      if (frame === null) return wakeWhenDue()
      connection.send(frame)
    }
    wake()
  }
  const sources = () => (snapshot.isUnderWay() ? besideSnapshot : afterSnapshot)
  const nextFrame = (): AgentFrame | null => {
    for (const source of sources()) {
      const frame = source.take(clock.now())
      if (frame !== null) return frame
    }
    return null
  }
  const wakeWhenDue = () => {
    const dueAtMs = sources().reduce((first, source) => Math.min(first, source.dueAtMs() ?? first), Infinity)
    if (dueAtMs !== Infinity) cancelWake = clock.schedule(wake, Math.max(0, dueAtMs - clock.now()))
  }
  const andWake = (note: () => void) => () => {
    note()
    wake()
  }

  const unsubscribes = [
    port.onEvent(andWake(outbox.appended)),
    port.onStatusChanged(andWake(status.changed)),
    port.onProgress(
      andWake(() => {
        progress.moved()
        status.moved()
      }),
    ),
  ]
  const end = () => {
    hasEnded = true
    cancelWake()
    for (const unsubscribe of unsubscribes.splice(0)) unsubscribe()
  }

  const perform = (frame: SessionFrame) => {
    switch (frame.type) {
      case 'command':
        return desk.take(receiveCommand(frame, serverAheadMs))
      case 'cancelCommand':
        return desk.callOff(frame.executionId)
      case 'eventsStored':
        return outbox.stored(frame.lastSeq)
      case 'executionStored':
        return executions.confirmed(frame.executionId)
      case 'reportRate':
        return progress.setRate(frame.everyMs)
      case 'sendSnapshot':
        return snapshot.request()
    }
  }

  snapshot.request()
  wake()
  return {
    receive: (frame) => {
      perform(frame)
      wake()
    },
    say: (update) => {
      executions.say(update)
      wake()
    },
    roomMade: wake,
    end,
  }
}
