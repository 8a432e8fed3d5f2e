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
  /** How the newest differs from what is stored; worked out once, since it is asked for every second. */
  private difference: 'none' | 'quiet' | 'telling' = 'telling'

  constructor(first: DeviceStatus, nowMs: number) {
    this.latest = first
    this.storedAtMs = nowMs
  }

  get current(): DeviceStatus {
    return this.latest
  }

  told(status: DeviceStatus): void {
    this.latest = status
    this.compare()
  }

  /** The summary to write now, if any. */
  due(nowMs: number): DeviceStatus | null {
    if (this.difference === 'none') return null
    const withinMs = this.difference === 'telling' ? storeStatusWithinMs : storeQuietStatusWithinMs
    return nowMs - this.storedAtMs < withinMs ? null : this.latest
  }

  /** Whether the newest summary is not in the database, however little it differs. */
  isUnstored(): boolean {
    return this.difference !== 'none'
  }

  wasStored(status: DeviceStatus, nowMs: number): void {
    this.stored = { telling: tellingPart(status), whole: digest(status) }
    this.storedAtMs = nowMs
    this.compare()
  }

  /** The write failed: the summary is due again. */
  wasNotStored(): void {
    this.stored = null
    this.compare()
  }

  private compare(): void {
    const { latest, stored } = this
    if (stored === null || tellingPart(latest) !== stored.telling) this.difference = 'telling'
    else this.difference = digest(latest) === stored.whole ? 'none' : 'quiet'
  }
}

function tellingPart(status: DeviceStatus): string {
  const { bytes: _bytes, rateBytesPerSecond: _rate, volumes, uploadLink, ...rest } = status
  const mounted = volumes.map(({ id, present }) => [id, present])
  return digest([rest, mounted, uploadLink.state, uploadLink.lastError])
}
