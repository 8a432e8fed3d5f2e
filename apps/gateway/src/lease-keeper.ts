import type { Database } from '@rushes/db'
import { gatewayLease, holdGatewayLease } from '@rushes/fleet'
import type { Logger } from 'pino'

/** Says every few seconds that this gateway lives; while it cannot, its devices count as offline, and the health check says so. */
export class LeaseKeeper {
  private readonly options: { db: Database; gatewayId: string; log: Logger; monotonicMs: () => number }
  private heldAtMs = Number.NEGATIVE_INFINITY
  private timer: NodeJS.Timeout | null = null
  private renewing: Promise<void> | null = null
  private isFailing = false

  constructor(options: LeaseKeeper['options']) {
    this.options = options
  }

  /** Takes the lease for the first time. @throws what the database throws */
  async begin(): Promise<void> {
    await this.hold()
    this.timer = setInterval(() => {
      this.renewing ??= this.renew()
    }, gatewayLease.renewEveryMs)
  }

  get isHeld(): boolean {
    return this.options.monotonicMs() - this.heldAtMs < gatewayLease.lifetimeMs
  }

  /** Stops renewing; the lease itself is given up by `stopGateway`. */
  async stop(): Promise<void> {
    if (this.timer !== null) clearInterval(this.timer)
    await this.renewing
  }

  private async hold(): Promise<void> {
    const { db, gatewayId, monotonicMs } = this.options
    const saidAtMs = monotonicMs()
    await holdGatewayLease({ db }, { gatewayId })
    this.heldAtMs = saidAtMs
  }

  private async renew(): Promise<void> {
    try {
      await this.hold()
      if (this.isFailing) this.options.log.info('the lease is held again')
      this.isFailing = false
    } catch (error) {
      if (!this.isFailing) this.options.log.warn({ err: error }, 'the lease could not be renewed; trying on')
      this.isFailing = true
    } finally {
      this.renewing = null
    }
  }
}
