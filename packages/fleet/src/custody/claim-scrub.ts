import { assetParts, assets, scrubs } from '@rushes/db'
import { and, asc, eq, isNotNull, isNull, lt, lte, or, type SQL, sql } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { canBeRead } from './can-be-read.ts'

/** A stored clip that is to be read, and what its parts should be. */
export type ClaimedScrub = {
  assetId: string
  /** What shows to other instances that the clip is being read here. */
  token: string
  storeKey: string
  sizeBytes: number
  parts: ScrubPart[]
  /** A reading that was cut short goes on here; the parts below are sound, or counted in `firstDiffering`. */
  fromPart: number
  firstDiffering: number | null
  /** Times in a row that reading it failed. */
  attempts: number
}

export type ScrubPart = {
  number: number
  sizeBytes: number
  /**
   * The digest that the device sent; where it sent none, that of the bytes as they came in; else that of the first reading.
   * Null before that one: it proves that the bytes can be read, and from then on that they are still the same.
   */
  expectedXxh64: string | null
}

export type ScrubLane =
  /** What people asked for, in the order of their asking. */
  | { kind: 'asked' }
  /**
   * What was never read, the oldest first and only what was whole before `storedBefore`, and what was read longest ago, if before
   * `dueBefore`.
   */
  | { kind: 'timetable'; dueBefore: Date; storedBefore: Date }

/** How often a claim that somebody else was quicker with is tried again before the next round. */
const maxTries = 5

/**
 * Takes the next clip to be read, for so long that the lease lasts unless `saveScrub` renews it; null when there is none. Two
 * instances never have the same clip.
 */
export async function claimScrub(
  context: Clocked,
  input: { lane: ScrubLane; token: string; leaseMs: number },
): Promise<ClaimedScrub | null> {
  for (let attempt = 0; attempt < maxTries; attempt += 1) {
    const found = await tryClaim(context, input)
    if (found !== 'taken') return found
  }
  return null
}

async function tryClaim(
  { db, now }: Clocked,
  input: { lane: ScrubLane; token: string; leaseMs: number },
): Promise<ClaimedScrub | null | 'taken'> {
  return db.transaction(async (tx) => {
    const asset = await findNext(tx, now, input.lane)
    if (asset === null) return null
    const begun = sql`case when ${maysGoOn(asset)} then ${scrubs.begunAt} else ${now.toISOString()}::timestamptz end`
    const [scrub] = await tx
      .insert(scrubs)
      .values({
        assetId: asset.id,
        leaseToken: input.token,
        leaseUntil: new Date(now.getTime() + input.leaseMs),
        begunAt: now,
      })
      .onConflictDoUpdate({
        target: scrubs.assetId,
        set: {
          leaseToken: input.token,
          leaseUntil: new Date(now.getTime() + input.leaseMs),
          begunAt: begun,
          nextPart: sql`case when ${maysGoOn(asset)} then ${scrubs.nextPart} else 1 end`,
          firstDiffering: sql`case when ${maysGoOn(asset)} then ${scrubs.firstDiffering} end`,
        },
        // Whoever took it between the two statements keeps it.
        setWhere: sql`${scrubs.leaseUntil} is null or ${scrubs.leaseUntil} <= ${now.toISOString()}::timestamptz`,
      })
      .returning()
    if (scrub === undefined) return 'taken'
    const parts = await tx
      .select({
        number: assetParts.number,
        sizeBytes: assetParts.sizeBytes,
        expectedXxh64: sql<
          string | null
        >`coalesce(${assetParts.deviceXxh64}, ${assetParts.receivedXxh64}, ${assetParts.storedXxh64})`,
      })
      .from(assetParts)
      .where(eq(assetParts.assetId, asset.id))
      .orderBy(asc(assetParts.number))
    return {
      assetId: asset.id,
      token: input.token,
      storeKey: asset.storeKey,
      sizeBytes: asset.filesizeBytes ?? 0,
      parts,
      fromPart: scrub.nextPart,
      firstDiffering: scrub.firstDiffering,
      attempts: scrub.attempts,
    }
  })
}

type Asset = typeof assets.$inferSelect

async function findNext(db: Clocked['db'], now: Date, lane: ScrubLane): Promise<Asset | null> {
  const isFree = and(
    or(isNull(scrubs.leaseUntil), lte(scrubs.leaseUntil, now)),
    or(isNull(scrubs.notBefore), lte(scrubs.notBefore, now)),
  )
  if (lane.kind === 'asked') {
    const [next] = await db
      .select({ asset: assets })
      .from(scrubs)
      .innerJoin(assets, eq(assets.id, scrubs.assetId))
      .where(and(isNotNull(scrubs.askedAt), canBeRead(), isFree))
      .orderBy(asc(scrubs.askedAt), asc(scrubs.assetId))
      .limit(1)
      .for('no key update', { of: assets, skipLocked: true })
    return next?.asset ?? null
  }
  // One after the other, each along the index: together they would sort every clip there is.
  const unread = and(isNull(assets.scrubbedAt), lte(assets.availableAt, lane.storedBefore))
  for (const [isDue, order] of [
    [unread, assets.availableAt],
    [lt(assets.scrubbedAt, lane.dueBefore), assets.scrubbedAt],
  ] as const) {
    const [next] = await db
      .select({ asset: assets })
      .from(assets)
      .leftJoin(scrubs, eq(scrubs.assetId, assets.id))
      .where(and(isDue, canBeRead(), isFree))
      .orderBy(asc(order), asc(assets.id))
      .limit(1)
      .for('no key update', { of: assets, skipLocked: true })
    if (next !== undefined) return next.asset
  }
  return null
}

/**
 * A reading that was cut short goes on where it was, unless the digest of the whole file is to be found out by it, a difference
 * is to be confirmed, or somebody asked for it since it began.
 */
function maysGoOn(asset: Asset): SQL {
  if (asset.storedXxh64 === null || asset.custody === 'mismatch') return sql`false`
  return sql`(${scrubs.begunAt} is not null and (${scrubs.askedAt} is null or ${scrubs.askedAt} <= ${scrubs.begunAt}))`
}
