import type { DeviceStatus } from '@rushes/protocol'
import { digest } from '../digest.ts'
import { storeQuietStatusWithinMs, storeStatusWithinMs } from './limits.ts'

/**
 * Decides when a device's summary is worth writing. In memory it is always the newest; the database gets it soon when something
 * changed that an operator acts on, seldom when bytes and rates alone moved, never when nothing did.
 */
export class StatusKeeper {
  private latest: DeviceStatus
  private storedAtMs: number
  private stored: { telling: string; whole: string } | null = null

  constructor(first: DeviceStatus, nowMs: number) {
    this.latest = first
    this.storedAtMs = nowMs
  }

  get current(): DeviceStatus {
    return this.latest
  }

  told(status: DeviceStatus): void {
    this.latest = status
  }

  /** The summary to write now, if any. */
  due(nowMs: number): DeviceStatus | null {
    const sinceMs = nowMs - this.storedAtMs
    if (sinceMs < storeStatusWithinMs) return null
    if (this.stored === null || tellingPart(this.latest) !== this.stored.telling) return this.latest
    if (sinceMs < storeQuietStatusWithinMs) return null
    return digest(this.latest) === this.stored.whole ? null : this.latest
  }

  /** Whether the newest summary is not in the database, however little it differs. */
  isUnstored(): boolean {
    return this.stored === null || digest(this.latest) !== this.stored.whole
  }

  wasStored(status: DeviceStatus, nowMs: number): void {
    this.stored = { telling: tellingPart(status), whole: digest(status) }
    this.storedAtMs = nowMs
  }

  /** The write failed: the summary is due again. */
  wasNotStored(): void {
    this.stored = null
  }
}

function tellingPart(status: DeviceStatus): string {
  const { bytes: _bytes, rateBytesPerSecond: _rate, volumes, uploadLink, ...rest } = status
  const mounted = volumes.map(({ id, present }) => [id, present])
  return digest([rest, mounted, uploadLink.state, uploadLink.lastError])
}
