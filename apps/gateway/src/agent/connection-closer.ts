import type { Database } from '@rushes/db'
import { closeConnection, storeStatus } from '@rushes/fleet'
import type { DeviceStatus } from '@rushes/protocol'
import type { Logger } from 'pino'

export type EndedConnection = {
  epoch: number
  cause: string
  /** The device's last word about itself, where it is not stored yet. */
  lastWord: { deviceId: string; outboxId: string; clockOffsetMs: number; status: DeviceStatus } | null
}

const maxAtOnce = 8

/**
 * Records connections as closed, for as long as it takes: a row that stays open would call a device online that is not. What
 * fails is tried again at the next tick.
 */
export class ConnectionCloser {
  private readonly waiting = new Map<number, EndedConnection>()
  private readonly underWay = new Set<number>()
  private readonly db: Database
  private readonly log: Logger
  private readonly onClosed: (deviceId: string) => void

  constructor(options: { db: Database; log: Logger; onClosed: (deviceId: string) => void }) {
    this.db = options.db
    this.log = options.log
    this.onClosed = options.onClosed
  }

  get isIdle(): boolean {
    return this.waiting.size === 0 && this.underWay.size === 0
  }

  add(connection: EndedConnection): void {
    this.waiting.set(connection.epoch, connection)
    this.tick()
  }

  tick(): void {
    for (const connection of this.waiting.values()) {
      if (this.underWay.size >= maxAtOnce) return
      this.waiting.delete(connection.epoch)
      this.underWay.add(connection.epoch)
      void this.close(connection)
    }
  }

  private async close(connection: EndedConnection): Promise<void> {
    const { epoch, cause, lastWord } = connection
    try {
      const outcome = await closeConnection({ db: this.db }, { epoch, reason: cause })
      // Of a connection that was superseded, the newer one has spoken already.
      if (outcome.kind === 'closed' && lastWord !== null) await storeStatus({ db: this.db }, lastWord)
      if (lastWord !== null) this.onClosed(lastWord.deviceId)
      this.underWay.delete(epoch)
      this.tick()
    } catch (error) {
      this.log.warn({ err: error, epoch }, 'a connection could not be recorded as closed; trying again')
      this.underWay.delete(epoch)
      this.waiting.set(epoch, connection)
    }
  }
}
