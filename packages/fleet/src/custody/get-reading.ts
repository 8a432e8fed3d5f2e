import { assets, type Database, scrubs } from '@rushes/db'
import { eq, type SQL, sql } from 'drizzle-orm'
import { canBeRead } from './can-be-read.ts'

/** What reading the stored bytes of a clip has shown, and whether it is read just now. Ready for JSON. */
export type ClipReading = {
  /** When they were last read to their end and compared. */
  readAt: string | null
  /** Digest of the whole stored file, computed here. */
  storedXxh64: string | null
  mismatchBecause: 'sentOtherwise' | 'changed' | 'gone' | 'unreadable' | null
  /** Whether a reading can be asked for. */
  isReadable: boolean
  /** Null: nobody asked for one, none is under way and none failed. */
  pending: {
    asked: { at: string; by: string } | null
    /** How many parts are read; null while it waits. */
    partsRead: number | null
    failed: { attempts: number; error: string; nextAt: string | null } | null
  } | null
}

/** What reading the stored bytes of a clip that there is has shown. */
export async function getClipReading(db: Database, asset: typeof assets.$inferSelect): Promise<ClipReading> {
  const [found] = await db
    .select({
      isReadable: sql<boolean>`(${canBeRead()})`,
      scrub: scrubs,
      isRunning: sql`${scrubs.leaseUntil} > now()` as SQL<boolean | null>,
    })
    .from(assets)
    .leftJoin(scrubs, eq(scrubs.assetId, assets.id))
    .where(eq(assets.id, asset.id))
  return {
    readAt: asset.scrubbedAt?.toISOString() ?? null,
    storedXxh64: asset.storedXxh64,
    mismatchBecause: asset.mismatchBecause,
    isReadable: found?.isReadable ?? false,
    pending:
      found === undefined || found.scrub === null || !found.isReadable
        ? null
        : pendingOf(found.scrub, found.isRunning ?? false),
  }
}

function pendingOf(scrub: typeof scrubs.$inferSelect, isRunning: boolean): NonNullable<ClipReading['pending']> {
  const { askedAt, askedBy, attempts, error, notBefore } = scrub
  return {
    asked: askedAt === null || askedBy === null ? null : { at: askedAt.toISOString(), by: askedBy },
    partsRead: isRunning ? scrub.nextPart - 1 : null,
    failed: error === null || attempts === 0 ? null : { attempts, error, nextAt: notBefore?.toISOString() ?? null },
  }
}
