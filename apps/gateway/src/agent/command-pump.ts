import type { Database } from '@rushes/db'
import { calledOffExecutions, sweepExecutions, takeDeliverable } from '@rushes/fleet'
import type { Logger } from 'pino'
import type { LiveNews } from '../live/live-news.ts'
import type { AgentConnections } from './connections.ts'
import { busyForMs } from './limits.ts'

/** What a lost wake-up costs at most. */
const pollEveryMs = 1_000
const sweepEveryPolls = 10

/**
 * Hands open executions to the devices that are connected here: when one connects, when a wake-up names it, and once a second for
 * whatever was missed. One pass at a time; what is asked for during a pass is done by the next.
 */
export class CommandPump {
  private readonly options: {
    db: Database
    gatewayId: string
    log: Logger
    live: LiveNews
    now: () => Date
    monotonicMs: () => number
    connections: () => AgentConnections
  }
  private wanted: Set<string> | 'all' | null = null
  private isCancelWanted = false
  private running: Promise<void> | null = null
  private pollCount = 0
  private isSweepDue = false
  private readonly timer: NodeJS.Timeout

  constructor(options: CommandPump['options']) {
    this.options = options
    this.timer = setInterval(() => this.poll(), pollEveryMs)
  }

  /** Something about these devices changed: perhaps a command came, perhaps one was called off. */
  wake(deviceIds: readonly string[] | 'all'): void {
    this.isCancelWanted = true
    this.request(deviceIds)
  }

  request(deviceIds: readonly string[] | 'all'): void {
    if (deviceIds === 'all') this.wanted = 'all'
    else if (this.wanted !== 'all') this.wanted = new Set([...(this.wanted ?? []), ...deviceIds])
    this.running ??= this.run()
  }

  async stop(): Promise<void> {
    clearInterval(this.timer)
    await this.running
  }

  private poll(): void {
    this.pollCount += 1
    this.isSweepDue ||= this.pollCount % sweepEveryPolls === 0
    this.wake('all')
  }

  private async run(): Promise<void> {
    while (this.wanted !== null) {
      const { wanted } = this
      this.wanted = null
      try {
        await this.handOut(wanted)
        if (this.isCancelWanted) {
          this.isCancelWanted = false
          await this.tellCalledOff()
        }
        if (this.isSweepDue) {
          this.isSweepDue = false
          await this.sweep()
        }
      } catch (error) {
        this.options.log.warn({ err: error }, 'commands could not be handed out; trying again in a second')
        break
      }
    }
    this.running = null
  }

  private async handOut(wanted: Set<string> | 'all'): Promise<void> {
    const { db, gatewayId, live } = this.options
    const connections = this.options.connections()
    if (connections.count === 0) return
    const deviceIds = wanted === 'all' ? undefined : [...wanted].filter((id) => connections.of(id) !== null)
    const deliveries = await takeDeliverable({ db }, { gatewayId, ...(deviceIds === undefined ? {} : { deviceIds }) })
    for (const delivery of deliveries) {
      const { deviceId, epoch, executionId, commandId, body } = delivery
      const found = connections.of(deviceId)
      // Gone since: on its next connection it is handed everything open again.
      if (found === null || found.state.epoch !== epoch) continue
      for (const kind of delivery.frames) {
        if (kind === 'cancelCommand') {
          found.state.toldCancelledIds.add(executionId)
          found.session.send({ type: 'cancelCommand', executionId })
        } else {
          found.state.busyUntilMs = this.options.monotonicMs() + busyForMs
          found.session.send({
            type: 'command',
            executionId,
            commandId,
            issuedAt: delivery.issuedAt.toISOString(),
            expiresAt: delivery.expiresAt?.toISOString() ?? null,
            body,
          })
        }
      }
      live.executionsChanged(deviceId)
    }
  }

  private async tellCalledOff(): Promise<void> {
    const { db, gatewayId } = this.options
    const connections = this.options.connections()
    if (connections.count === 0) return
    for (const { deviceId, epoch, executionId } of await calledOffExecutions({ db }, { gatewayId })) {
      const found = connections.of(deviceId)
      if (found === null || found.state.epoch !== epoch || found.state.toldCancelledIds.has(executionId)) continue
      found.state.toldCancelledIds.add(executionId)
      found.session.send({ type: 'cancelCommand', executionId })
    }
  }

  private async sweep(): Promise<void> {
    const { endedCount } = await sweepExecutions({ db: this.options.db, now: this.options.now() })
    if (endedCount > 0) this.options.log.info({ endedCount }, 'time ended executions')
  }
}
