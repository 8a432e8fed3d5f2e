import { assets, clipMedia, clipTrash, type Database, devices, projects } from '@rushes/db'
import { and, desc, eq, inArray, sql } from 'drizzle-orm'
import type { Clocked } from '../context.ts'
import { maxRemovalAttempts } from './removals.ts'

/** A clip in the trash. Ready for JSON. */
export type TrashedClip = {
  assetId: string
  name: string
  filetype: string
  sizeBytes: number | null
  capturedAt: string
  device: { id: string; name: string }
  hasPoster: boolean
  durationSeconds: number | null
  trashedAt: string
  trashedBy: { kind: 'person' | 'commandLine' | 'system'; name: string }
  reason: string | null
  /** When its days are over. */
  removesAt: string
  /** Null: it can be restored. */
  removing: { since: string; lastError: string | null; isGivenUp: boolean } | null
}

export type TrashCursor = { at: string; assetId: string }

export type TrashPage = { clips: TrashedClip[]; next: TrashCursor | null }

/** One page of what lies in the trash of a project, the last one thrown away first; what is gone for good is left out. */
export async function listTrash(
  { db }: { db: Database },
  input: { projectId: string; after: TrashCursor | null; limit: number },
): Promise<TrashPage> {
  const { after } = input
  const found = await db
    .select({
      trash: clipTrash,
      name: assets.name,
      filetype: assets.filetype,
      sizeBytes: assets.filesizeBytes,
      capturedAt: assets.capturedAt,
      deviceId: devices.id,
      deviceName: devices.name,
      trashDays: projects.trashDays,
      hasPoster: clipMedia.hasPoster,
      durationSeconds: clipMedia.durationSeconds,
    })
    .from(clipTrash)
    .innerJoin(assets, eq(assets.id, clipTrash.assetId))
    .innerJoin(devices, eq(devices.id, assets.deviceId))
    .innerJoin(projects, eq(projects.id, clipTrash.projectId))
    .leftJoin(clipMedia, eq(clipMedia.assetId, clipTrash.assetId))
    .where(
      and(
        eq(clipTrash.projectId, input.projectId),
        inArray(clipTrash.state, ['trashed', 'removing']),
        after === null
          ? undefined
          : sql`(${clipTrash.trashedAt}, ${clipTrash.assetId}) < (${after.at}::timestamptz, ${after.assetId}::uuid)`,
      ),
    )
    .orderBy(desc(clipTrash.trashedAt), desc(clipTrash.assetId))
    .limit(input.limit + 1)
  const clips = found.slice(0, input.limit).map(
    ({ trash, ...row }): TrashedClip => ({
      assetId: trash.assetId,
      name: row.name,
      filetype: row.filetype,
      sizeBytes: row.sizeBytes,
      capturedAt: row.capturedAt.toISOString(),
      device: { id: row.deviceId, name: row.deviceName },
      hasPoster: row.hasPoster ?? false,
      durationSeconds: row.durationSeconds,
      trashedAt: trash.trashedAt.toISOString(),
      trashedBy: { kind: trash.trashedByKind, name: trash.trashedBy },
      reason: trash.reason,
      removesAt: removesAt(trash.trashedAt, row.trashDays).toISOString(),
      removing:
        trash.removingAt === null
          ? null
          : {
              since: trash.removingAt.toISOString(),
              lastError: trash.lastError,
              isGivenUp: trash.attempts >= maxRemovalAttempts,
            },
    }),
  )
  const last = clips.at(-1)
  const hasMore = found.length > input.limit && last !== undefined
  return { clips, next: hasMore ? { at: last.trashedAt, assetId: last.assetId } : null }
}

/** What the trash of a project holds; `asOf` is what `emptyTrash` is to be given with the count. */
export type TrashSummary = { clipCount: number; byteCount: number; removingCount: number; asOf: string }

export async function summarizeTrash({ db, now }: Clocked, input: { projectId: string }): Promise<TrashSummary> {
  const [found] = await db
    .select({
      clipCount: sql<number>`(count(*) filter (where ${clipTrash.state} = 'trashed'))::int`,
      byteCount: sql<number>`coalesce(sum(${assets.filesizeBytes}) filter (where ${clipTrash.state} = 'trashed'), 0)::float8`,
      removingCount: sql<number>`(count(*) filter (where ${clipTrash.state} = 'removing'))::int`,
    })
    .from(clipTrash)
    .innerJoin(assets, eq(assets.id, clipTrash.assetId))
    .where(eq(clipTrash.projectId, input.projectId))
  return { clipCount: 0, byteCount: 0, removingCount: 0, ...found, asOf: now.toISOString() }
}

/** When a clip in the trash is removed, if nobody restores it. */
export function removesAt(trashedAt: Date, trashDays: number): Date {
  return new Date(trashedAt.getTime() + trashDays * 86_400_000)
}
