import { assets, type Database, scrubs } from '@rushes/db'
import { eq, sql } from 'drizzle-orm'
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

export async function getClipReading(
  { db, now }: { db: Database; now: Date },
  input: { assetId: string },
): Promise<{ kind: 'found'; reading: ClipReading } | { kind: 'clipUnknown' }> {
  const [found] = await db
    .select({ asset: assets, scrub: scrubs, isReadable: sql<boolean>`coalesce((${canBeRead()}), false)` })
    .from(assets)
    .leftJoin(scrubs, eq(scrubs.assetId, assets.id))
    .where(eq(assets.id, input.assetId))
  if (found === undefined) return { kind: 'clipUnknown' }
  const { asset, scrub, isReadable } = found
  const isRunning = scrub?.leaseUntil != null && scrub.leaseUntil > now
  return {
    kind: 'found',
    reading: {
      readAt: asset.scrubbedAt?.toISOString() ?? null,
      storedXxh64: asset.storedXxh64,
      mismatchBecause: asset.mismatchBecause,
      isReadable,
      pending:
        scrub === null || !isReadable
          ? null
          : {
              asked:
                scrub.askedAt === null || scrub.askedBy === null
                  ? null
                  : { at: scrub.askedAt.toISOString(), by: scrub.askedBy },
              partsRead: isRunning ? scrub.nextPart - 1 : null,
              failed:
                scrub.error === null || scrub.attempts === 0
                  ? null
                  : {
                      attempts: scrub.attempts,
                      error: scrub.error,
                      nextAt: scrub.notBefore?.toISOString() ?? null,
                    },
            },
    },
  }
}
