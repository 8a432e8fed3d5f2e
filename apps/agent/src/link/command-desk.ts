import { type DeviceRecord, decideCancel, decideDelivery } from '@rushes/command-core'
import { type CommandBody, commandLanes, type ExecutionUpdate } from '@rushes/protocol'
import type { Logger } from 'pino'
import { errorCode } from '../agent-error.ts'
import type { CommandProgress, ExecutionOutcome, FinalOutcome, LinkPort } from '../link-port.ts'
import type { LinkClock } from './link-clock.ts'
import type { ReceivedCommand } from './receive-command.ts'

/** Orders that may wait for their turn. */
export const maxWaitingCommands = 100
/** Ordinary commands carried out at the same time; destructive ones go one by one. */
const maxAtOnce = { ordinary: 4, destructive: 1 } as const

type Lane = keyof typeof maxAtOnce

/** An order that was taken in to be carried out. `isResumed`: it was begun before a restart and is finished, expired or not. */
type Held = ReceivedCommand & { body: CommandBody; lane: Lane; isResumed: boolean }
type UnderWay = { held: Held; abort: AbortController; lastSaid: ExecutionUpdate | null }

/** Takes commands in and sees that each is carried out once. It outlives connections: what was begun goes on without one. */
export type CommandDesk = {
  take(command: ReceivedCommand): void
  /** Not to begin, if it has not begun. */
  callOff(executionId: string): void
  /** The last word about each execution under way, to be said on a new connection. */
  underWay(): ExecutionUpdate[]
  /** Lets go of what has not begun; it is given again on a later connection. */
  dropWaiting(): void
  /** As `dropWaiting`, and nothing is begun or said any more. */
  stop(): void
}

export function createCommandDesk(options: {
  port: LinkPort
  clock: LinkClock
  log: Logger
  /** Says a word about an execution where there is a connection. Where there is none, the record tells it later. */
  say: (update: ExecutionUpdate) => void
}): CommandDesk {
  const { port, clock, log } = options
  const waiting: Held[] = []
  let hasStopped = false
  const underWay = new Map<string, UnderWay>()

  const say = (executionId: string, outcome: ExecutionOutcome, at: string = clock.date().toISOString()) => {
    const update: ExecutionUpdate = { executionId, at, outcome }
    const current = underWay.get(executionId)
    if (current !== undefined) current.lastSaid = update
    options.say(update)
  }
  const recordAndSay = (order: { executionId: string; commandId: string }, outcome: FinalOutcome) =>
    say(order.executionId, port.recordOutcome(order, outcome))
  const sayAgain = (executionId: string, outcome: FinalOutcome) => {
    const pending = port.pendingOutcomes().find((recorded) => recorded.executionId === executionId)
    say(executionId, outcome, pending?.at)
  }

  /** Only what is passed to the port's `runCommand` here ever takes effect, and nothing comes here twice at a time. */
  const begin = (held: Held) => {
    const { executionId, commandId, kind, isResumed } = held
    const current: UnderWay = { held, abort: new AbortController(), lastSaid: null }
    underWay.set(executionId, current)
    log.info({ executionId, commandId, kind, isResumed }, 'a command is carried out')
    void carryOut(current)
    const recorded = port.recordedOutcome(executionId)
    if (recorded !== null && !isFinal(recorded) && current.lastSaid === null) say(executionId, recorded)
  }

  /** Calls the port before it first waits, so that the record can be read right after. Never rejects. */
  const carryOut = async (current: UnderWay): Promise<void> => {
    const { executionId, commandId, kind, body, expiresAtMs } = current.held
    const order = { executionId, commandId, body, expiresAt: onDeviceClock(expiresAtMs, clock) }
    const onProgress = (progress: CommandProgress) => {
      if (underWay.get(executionId) === current) say(executionId, runningOutcome(progress))
    }
    try {
      await port.runCommand(order, onProgress, current.abort.signal)
      underWay.delete(executionId)
      if (hasStopped) return
      // The record decides, as after a restart: what was stopped half-way has no outcome there and is given again.
      const outcome = port.recordedOutcome(executionId)
      const isEnded = outcome !== null && isFinal(outcome)
      log.info({ executionId, commandId, kind, outcome: isEnded ? outcome.state : 'none' }, 'a command has ended')
      if (isEnded) say(executionId, outcome)
    } catch (error) {
      // The outcome is not known and none is made up: the record says "begun", and the next delivery resumes it.
      underWay.delete(executionId)
      log.error({ executionId, commandId, kind, code: errorCode(error), err: error }, 'a command was cut off')
    }
    // On the next turn: one that fails at once must not begin the next, and that the next, on one stack.
    setImmediate(beginNextSafely)
  }

  const beginNextSafely = () => {
    try {
      beginNext()
    } catch (error) {
      // The database fails: the link notices by itself, and on its next connection what is open is given again.
      log.error({ code: errorCode(error), err: error }, 'the next command could not begin')
    }
  }

  const beginNext = () => {
    for (const lane of ['destructive', 'ordinary'] as const) {
      while (countUnderWay(lane) < maxAtOnce[lane]) {
        const index = waiting.findIndex((held) => held.lane === lane)
        const held = waiting[index]
        if (held === undefined) break
        waiting.splice(index, 1)
        if (!held.isResumed && held.expiresAtMs !== null && clock.now() >= held.expiresAtMs) {
          recordAndSay(held, { state: 'expired' })
        } else begin(held)
      }
    }
  }
  const countUnderWay = (lane: Lane) => [...underWay.values()].filter(({ held }) => held.lane === lane).length

  return {
    take: (command) => {
      const { executionId, body } = command
      const current = underWay.get(executionId)
      const decision = decideDelivery(
        {
          isKnownKind: body !== null,
          expiresAtMs: command.expiresAtMs,
          record: recordOf(port.recordedOutcome(executionId)),
          isUnderWay: current !== undefined || waiting.some((held) => held.executionId === executionId),
        },
        { nowMs: clock.now() },
      )
      switch (decision.kind) {
        case 'underWay':
          if (current?.lastSaid != null) say(executionId, current.lastSaid.outcome, current.lastSaid.at)
          return
        case 'replay':
          sayAgain(executionId, decision.outcome)
          return
        case 'decline':
          recordAndSay(command, command.isMalformed ? malformedBody : decision.outcome)
          return
        case 'run':
        case 'resume': {
          const isResumed = decision.kind === 'resume'
          if (body === null) {
            log.error({ executionId, kind: command.kind }, 'a command that was begun is not known to this version')
            return
          }
          // What was begun is no longer declined: its number was bounded when it was taken in.
          if (!isResumed && waiting.length >= maxWaitingCommands) {
            recordAndSay(command, tooManyWaiting)
            return
          }
          waiting.push({ ...command, body, lane: commandLanes[body.kind], isResumed })
          beginNext()
        }
      }
    },

    callOff: (executionId) => {
      const current = underWay.get(executionId)
      if (current !== undefined) return current.abort.abort()
      const index = waiting.findIndex((held) => held.executionId === executionId)
      const held = waiting[index]
      if (held !== undefined) {
        if (held.isResumed) return
        waiting.splice(index, 1)
        return recordAndSay(held, { state: 'cancelled' })
      }
      const decision = decideCancel(recordOf(port.recordedOutcome(executionId)))
      // Begun and cut off: the delivery that follows finishes it.
      if (decision.kind === 'finish') return
      if (decision.kind === 'replay') return sayAgain(executionId, decision.outcome)
      // The call-off of an order that never came does not name its command; the record is found by the execution alone.
      recordAndSay({ executionId, commandId: executionId }, decision.outcome)
    },

    underWay: () => [...underWay.values()].flatMap(({ lastSaid }) => (lastSaid === null ? [] : [lastSaid])),
    dropWaiting: () => {
      waiting.length = 0
    },
    stop: () => {
      hasStopped = true
      waiting.length = 0
    },
  }
}

const malformedBody: FinalOutcome = {
  state: 'rejected',
  errorCode: 'malformedBody',
  message: 'The fields of the command are not what this version of the agent expects',
}
const tooManyWaiting: FinalOutcome = {
  state: 'failed',
  errorCode: 'tooManyWaiting',
  message: 'Too many commands wait on this device; send it again when they are done',
}

const isFinal = (outcome: ExecutionOutcome): outcome is FinalOutcome =>
  outcome.state !== 'acknowledged' && outcome.state !== 'running'

function recordOf(recorded: ExecutionOutcome | null): DeviceRecord {
  if (recorded === null) return { kind: 'none' }
  return isFinal(recorded) ? { kind: 'final', outcome: recorded } : { kind: 'begun' }
}

const runningOutcome = ({ step, percent }: CommandProgress): ExecutionOutcome => ({
  state: 'running',
  step: step.slice(0, 120),
  percent: percent === null ? null : Math.min(Math.max(percent, 0), 100),
})

/** The port knows only the device's wall clock, which may be wrong; what remains of the time is right. */
const onDeviceClock = (expiresAtMs: number | null, clock: LinkClock): string | null =>
  expiresAtMs === null ? null : new Date(clock.date().getTime() + (expiresAtMs - clock.now())).toISOString()
