import type { CommandBody } from '@rushes/protocol'
import {
  type DeviceRecord,
  decideCancel,
  decideDelivery,
  deliverable,
  dueEvent,
  type ExecutionEvent,
  type FinalAnswer,
  framesToHandOver,
  isOpen,
  isOvertakenBy,
  type LanedExecution,
  transitionExecution,
} from '../src/index.ts'
import { result } from './execution-fixtures.ts'

type Kept = LanedExecution & { body: CommandBody; isCalledOff: boolean; deliveredEpoch: number | null }
type Down = { kind: 'command' | 'cancelCommand'; id: string } | { kind: 'confirm'; id: string }
type Up = { id: string; event: ExecutionEvent }

/**
 * A server and one device joined by a bad wire, in memory. What is durable in the real thing survives `restartDevice` and
 * `reconnect` here; what is not, doesn't. Effects of commands are counted, and come in one write with the outcome.
 */
export class World {
  nowMs = 0
  readonly executions = new Map<string, Kept>()
  /** How often each command was carried out, in the order of carrying out. */
  readonly effects: string[] = []
  down: Down[] = []
  up: Up[] = []
  private epoch = 1
  private isConnected = true
  private connectedAtMs = 0
  private readonly records = new Map<string, DeviceRecord>()
  private readonly unconfirmed = new Set<string>()
  private readonly underWay = new Set<string>()

  enqueue(body: CommandBody, expiresInMs: number | null): void {
    const laneSeq = this.executions.size + 1
    if (body.kind === 'assignProject') {
      for (const [id, one] of this.executions) {
        if (isOvertakenBy(one.body, body)) this.apply(id, { kind: 'overtaken' })
      }
    }
    this.executions.set(`${laneSeq}`, {
      id: `${laneSeq}`,
      version: 1,
      expiresAtMs: expiresInMs === null ? null : this.nowMs + expiresInMs,
      state: { kind: 'queued' },
      lane: body.kind === 'clearQueue' || body.kind === 'assignProject' ? 'destructive' : 'ordinary',
      laneSeq,
      body,
      isCalledOff: false,
      deliveredEpoch: null,
    })
  }

  /** What the gateway does on connecting, on a wake-up and once a second. */
  deliver(): void {
    if (!this.isConnected) return
    for (const one of deliverable([...this.executions.values()])) {
      if (one.deliveredEpoch === this.epoch) continue
      this.keep(one.id, { deliveredEpoch: this.epoch })
      const kinds = framesToHandOver(one, one.isCalledOff)
      this.apply(one.id, { kind: 'handedOver', epoch: this.epoch })
      for (const kind of kinds) this.down.push({ kind, id: one.id })
    }
  }

  sweep(): void {
    const reach = this.isConnected
      ? ({ kind: 'connected', epoch: this.epoch, sinceMs: this.connectedAtMs } as const)
      : ({ kind: 'offline' } as const)
    for (const one of this.executions.values()) {
      const due = dueEvent(one, reach, { nowMs: this.nowMs })
      if (due !== null) this.apply(one.id, due)
    }
  }

  callOff(id: string): void {
    if (!this.executions.has(id)) return
    this.keep(id, { isCalledOff: true, deliveredEpoch: null })
    this.apply(id, { kind: 'calledOff' })
  }

  disconnect(): void {
    this.isConnected = false
    this.down = []
    this.up = []
  }

  reconnect(): void {
    this.disconnect()
    this.isConnected = true
    this.connectedAtMs = this.nowMs
    this.epoch += 1
    for (const id of this.unconfirmed) this.say(id)
  }

  /** A crash of the device: its memory is gone and its connection with it, its store is not. */
  restartDevice(): void {
    this.underWay.clear()
    this.disconnect()
  }

  receiveOnDevice(frame: Down): void {
    const record = this.records.get(frame.id) ?? { kind: 'none' }
    if (frame.kind === 'confirm') {
      this.unconfirmed.delete(frame.id)
      return
    }
    if (frame.kind === 'cancelCommand') {
      const decision = decideCancel(record)
      if (decision.kind === 'decline') this.record(frame.id, decision.outcome)
      else if (decision.kind === 'replay') this.say(frame.id)
      return
    }
    const expiresAtMs = this.executions.get(frame.id)?.expiresAtMs ?? null
    const isUnderWay = this.underWay.has(frame.id)
    const decision = decideDelivery({ isKnownKind: true, expiresAtMs, record, isUnderWay }, { nowMs: this.nowMs })
    switch (decision.kind) {
      case 'run':
      case 'resume':
        this.records.set(frame.id, { kind: 'begun' })
        this.underWay.add(frame.id)
        this.send(frame.id, { kind: 'acknowledged' })
        break
      case 'underWay':
        this.send(frame.id, { kind: 'acknowledged' })
        break
      case 'decline':
        this.record(frame.id, decision.outcome)
        break
      case 'replay':
        this.say(frame.id)
    }
  }

  /** The device works on what it has begun. */
  work(isDone: boolean): void {
    const [id] = this.underWay
    if (id === undefined) return
    if (!isDone) {
      this.send(id, { kind: 'progressed', step: 'working', percent: null })
      return
    }
    this.underWay.delete(id)
    this.effects.push(id)
    this.record(id, { state: 'succeeded', result })
  }

  receiveOnServer(frame: Up): void {
    this.apply(frame.id, frame.event)
  }

  /** Nothing is lost any more, and everybody does their part, until nothing moves. */
  calmDown(): void {
    this.reconnect()
    for (let round = 0; round < 4 * this.executions.size + 4; round += 1) {
      this.deliver()
      for (const frame of this.down.splice(0)) this.receiveOnDevice(frame)
      this.work(true)
      for (const frame of this.up.splice(0)) this.receiveOnServer(frame)
    }
  }

  openCount(): number {
    return [...this.executions.values()].filter((one) => isOpen(one.state)).length
  }

  private apply(id: string, event: ExecutionEvent): void {
    const before = this.executions.get(id)
    if (before === undefined) return
    const outcome = transitionExecution(before, event, { nowMs: this.nowMs })
    if (outcome.kind === 'moved') {
      if (!isOpen(before.state) && outcome.execution.state.kind !== before.state.kind) {
        throw new Error(`${id} left the final state ${before.state.kind}`)
      }
      if (outcome.execution.version !== before.version + 1) throw new Error(`${id} skipped a version`)
      this.keep(id, outcome.execution)
    }
    for (const effect of outcome.effects) {
      if (!this.isConnected) continue
      this.down.push({ kind: effect === 'confirmOutcome' ? 'confirm' : 'cancelCommand', id })
    }
  }

  private keep(id: string, change: Partial<Kept>): void {
    const before = this.executions.get(id)
    if (before !== undefined) this.executions.set(id, { ...before, ...change })
  }

  private record(id: string, outcome: FinalAnswer): void {
    this.records.set(id, { kind: 'final', outcome })
    this.unconfirmed.add(id)
    this.say(id)
  }

  private say(id: string): void {
    const record = this.records.get(id)
    if (record?.kind === 'final') this.send(id, eventOf(record.outcome))
  }

  private send(id: string, event: ExecutionEvent): void {
    if (this.isConnected) this.up.push({ id, event })
  }
}

function eventOf(outcome: FinalAnswer): ExecutionEvent {
  switch (outcome.state) {
    case 'succeeded':
      return { kind: 'succeeded', result: outcome.result }
    case 'failed':
    case 'rejected':
      return { kind: outcome.state, error: { code: outcome.errorCode, message: outcome.message } }
    case 'expired':
      return { kind: 'expiredOnDevice' }
    case 'cancelled':
      return { kind: 'cancelledOnDevice' }
  }
}
