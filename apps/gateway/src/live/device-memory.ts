import type { LiveFleetRow, LiveProgress, UploadProgressRow } from '@rushes/api'
import type { FleetRow } from '@rushes/fleet'
import type { DeviceStatus } from '@rushes/protocol'
import type { ProgressNews } from './live-news.ts'

/** A device that is idle says nothing of progress; a rate older than this must not look like one of now. */
const progressLifetimeMs = 12_000

type Remembered = { report: ProgressNews; receivedAtMs: number }

/** What the devices connected here last said: never older than what the database has of them. Bounded by the connections. */
export class DeviceMemory {
  private readonly statuses = new Map<string, { status: DeviceStatus; receivedAtMs: number }>()
  private readonly progresses = new Map<string, Remembered>()

  setStatus(deviceId: string, status: DeviceStatus | null, nowMs: number): void {
    if (status === null) this.statuses.delete(deviceId)
    else this.statuses.set(deviceId, { status, receivedAtMs: nowMs })
  }

  setProgress(deviceId: string, report: ProgressNews | null, nowMs: number): void {
    if (report === null) this.progresses.delete(deviceId)
    else this.progresses.set(deviceId, { report, receivedAtMs: nowMs })
  }

  /** Forgets rates that are too old to be shown. Returns whose. */
  forgetStale(nowMs: number): string[] {
    const stale: string[] = []
    for (const [deviceId, { receivedAtMs }] of this.progresses) {
      if (nowMs - receivedAtMs > progressLifetimeMs) stale.push(deviceId)
    }
    for (const deviceId of stale) this.progresses.delete(deviceId)
    return stale
  }

  /** A row with what is known here laid over it. */
  overlay(row: FleetRow): LiveFleetRow {
    const told = this.statuses.get(row.deviceId)
    const report =
      told === undefined
        ? row.report
        : {
            status: told.status,
            receivedAt: new Date(told.receivedAtMs).toISOString(),
            clockOffsetMs: row.report?.clockOffsetMs ?? null,
          }
    return { ...row, report, progress: this.progressOf(row.deviceId) }
  }

  progressOf(deviceId: string): LiveProgress | null {
    const remembered = this.progresses.get(deviceId)
    if (remembered === undefined) return null
    const { report, receivedAtMs } = remembered
    return {
      rateBytesPerSecond: report.rateBytesPerSecond,
      bytesInFlight: report.uploads.reduce((sum, upload) => sum + upload.bytesInFlight, 0),
      uploadCount: report.uploads.length,
      receivedAt: new Date(receivedAtMs).toISOString(),
    }
  }

  uploadProgressOf(deviceId: string): UploadProgressRow[] {
    const remembered = this.progresses.get(deviceId)
    if (remembered === undefined) return []
    const receivedAt = new Date(remembered.receivedAtMs).toISOString()
    return remembered.report.uploads.map(({ id, bytesAcknowledged, bytesInFlight, partsDone }) => ({
      uploadId: id,
      bytesAcknowledged,
      bytesInFlight,
      partsDone,
      receivedAt,
    }))
  }
}
