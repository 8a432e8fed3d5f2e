import { deviceEvents, deviceReports, devices } from '@rushes/db'
import type { LifecycleEvent, UploadReport } from '@rushes/protocol'
import { and, eq, sql } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { storableJson } from './storable.ts'
import { storeUploads } from './store-uploads.ts'

export type StoreEventsOutcome =
  /**
   * Everything up to `lastSeq` is stored, durably. `isGapped`: what follows a missing number was left out, to come again.
   * `uploadIds` changed by it; `newCount` were new.
   */
  | { kind: 'stored'; lastSeq: number; newCount: number; isGapped: boolean; uploadIds: string[] }
  /** Nothing is known of this outbox: its snapshot has to come first. */
  | { kind: 'outboxUnknown' }

/**
 * Stores lifecycle events in the order of their numbers, each once however often it comes, and applies what they say of uploads.
 * One transaction, so that a number that is acknowledged stands for an event that was applied.
 */
export async function storeEvents(
  { db, now }: Clocked,
  input: {
    deviceId: string
    outboxId: string
    events: readonly LifecycleEvent[]
    /** Uploads as of this number are known from a snapshot: older news of them are history, not state. */
    snapshotSeq: number
  },
): Promise<StoreEventsOutcome> {
  const { deviceId, outboxId } = input
  return db.transaction(async (tx) => {
    await tx.select({ id: devices.id }).from(devices).where(eq(devices.id, deviceId)).for('no key update')
    const [report] = await tx
      .select({ lastSeq: deviceReports.lastSeq })
      .from(deviceReports)
      .where(and(eq(deviceReports.deviceId, deviceId), eq(deviceReports.outboxId, outboxId)))
      .for('update')
    if (report === undefined) return { kind: 'outboxUnknown' }

    const events = following(report.lastSeq, input.events)
    const ahead = input.events.filter((event) => event.seq > report.lastSeq)
    const lastSeq = report.lastSeq + events.length
    const isGapped = ahead.some((event) => event.seq > lastSeq)
    if (events.length === 0) return { kind: 'stored', lastSeq, newCount: 0, isGapped, uploadIds: [] }

    await tx
      .insert(deviceEvents)
      .values(
        events.map(({ seq, bootId, at, body }) => ({
          deviceId,
          outboxId,
          seq,
          bootId,
          at: new Date(at),
          receivedAt: now,
          body: storableJson(body),
        })),
      )
      .onConflictDoNothing()
    const uploads = events.flatMap((event): UploadReport[] =>
      event.body.kind === 'uploadChanged' && event.seq > input.snapshotSeq ? [event.body.upload] : [],
    )
    await storeUploads(tx, { deviceId, uploads })
    await tx.update(deviceReports).set({ lastSeq }).where(eq(deviceReports.deviceId, deviceId))
    await tx.update(devices).set({ changedAt: sql`clock_timestamp()` }).where(eq(devices.id, deviceId))
    const uploadIds = [...new Set(uploads.map((upload) => upload.id))]
    return { kind: 'stored', lastSeq, newCount: events.length, isGapped, uploadIds }
  })
}

/** Those that follow the last one without a gap, each number once. */
function following(lastSeq: number, events: readonly LifecycleEvent[]): LifecycleEvent[] {
  const bySeq = new Map(events.map((event) => [event.seq, event]))
  const next: LifecycleEvent[] = []
  for (let event = bySeq.get(lastSeq + 1); event !== undefined; event = bySeq.get(event.seq + 1)) next.push(event)
  return next
}
