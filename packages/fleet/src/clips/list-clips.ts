import { assets, type Database } from '@rushes/db'
import { aliasedTable, desc, eq, inArray, sql } from 'drizzle-orm'
import type { ClipCursor, ClipRow } from '../uploads/clip-rows.ts'
import { listUploads, type UploadFilter } from '../uploads/list-uploads.ts'
import { isInTrash } from './in-trash.ts'

/** A row of the list of clips, with what the destination alone knows of it. */
export type ListedClip = ClipRow & {
  /** What is wrong with the stored bytes; null: nothing is known to be. */
  mismatchBecause: typeof assets.$inferSelect.mismatchBecause
  /** The clip that it is a newer version of, by its device's word. */
  versionOf: { assetId: string; name: string } | null
  /** The newest clip that is a newer version of it, has arrived and is not in the trash. */
  newerVersion: { assetId: string; name: string } | null
}

export type ClipPage = { rows: ListedClip[]; next: ClipCursor | null }

/** One page of the clips of the fleet, the newest capture first. */
export async function listClips(
  { db }: { db: Database },
  input: { filter: UploadFilter; after: ClipCursor | null; limit: number },
): Promise<ClipPage> {
  const { rows, next } = await listUploads({ db }, input)
  const known = await describeAssets(
    db,
    rows.flatMap(({ assetId }) => assetId ?? []),
  )
  return {
    rows: rows.map((row) => ({ ...row, ...(known.get(row.assetId ?? '') ?? unknown) })),
    next,
  }
}

type Described = Pick<ListedClip, 'mismatchBecause' | 'versionOf' | 'newerVersion'> & Partial<Pick<ListedClip, 'name'>>

const unknown: Described = { mismatchBecause: null, versionOf: null, newerVersion: null }

async function describeAssets(db: Database, assetIds: readonly string[]): Promise<Map<string, Described>> {
  if (assetIds.length === 0) return new Map()
  const base = aliasedTable(assets, 'base')
  const next = aliasedTable(assets, 'next')
  const newest = db
    .select({ id: next.id, name: next.name })
    .from(next)
    .where(sql`${next.versionOfId} = ${assets.id} and ${next.state} = 'available' and not ${isInTrash(next.id)}`)
    .orderBy(desc(next.createdAt), desc(next.id))
    .limit(1)
    .as('newest')
  const found = await db
    .select({
      id: assets.id,
      // People may have given it another name than the device knows it by.
      name: assets.name,
      mismatchBecause: assets.mismatchBecause,
      base: { id: base.id, name: base.name },
      newest: { id: newest.id, name: newest.name },
    })
    .from(assets)
    .leftJoin(base, eq(base.id, assets.versionOfId))
    .leftJoinLateral(newest, sql`true`)
    .where(inArray(assets.id, [...assetIds]))
  return new Map(
    found.map(({ id, name, mismatchBecause, base, newest }) => [
      id,
      { name, mismatchBecause, versionOf: linkTo(base), newerVersion: linkTo(newest) },
    ]),
  )
}

const linkTo = (clip: { id: string; name: string } | null) =>
  clip === null ? null : { assetId: clip.id, name: clip.name }
