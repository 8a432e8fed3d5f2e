import { assets, type Database } from '@rushes/db'
import { and, asc, eq, inArray, not, type SQL, sql } from 'drizzle-orm'
import { isInTrash } from '../clips/in-trash.ts'

/** Which clips a manifest is of: those of a project, of one of its days, of one device in it. */
export type ManifestScope = {
  projectId: string
  /** The day that names the folder of a clip, `YYYY-MM-DD`. */
  day: string | null
  deviceId: string | null
}

/** Whether a clip is listed, and else why not. */
export const manifestStandings = [
  /** The stored bytes are those that the device sent. */
  'verified',
  /** The stored bytes are those that were received or first read; the device told no digests. */
  'sizeChecked',
  'differing',
  'beingChecked',
  'notReadYet',
  'unfinished',
  'failed',
  /** Its name has a character that XML cannot hold. */
  'unwritable',
] as const
export type ManifestStanding = (typeof manifestStandings)[number]
/** What the database knows of it; names are looked at when they are written. */
type StoredStanding = Exclude<ManifestStanding, 'unwritable'>
export type ManifestCounts = Record<ManifestStanding, number>

export const noneCounted = (): ManifestCounts => ({
  verified: 0,
  sizeChecked: 0,
  differing: 0,
  beingChecked: 0,
  notReadYet: 0,
  unfinished: 0,
  failed: 0,
  unwritable: 0,
})

/** The standing of an asset, for SQL; only the first two are listed, with the digest that was computed here. */
export const standingOf = (): SQL<StoredStanding> => sql<StoredStanding>`case
  when ${assets.state} = 'failed' then 'failed'
  when ${assets.state} <> 'available' then 'unfinished'
  when ${assets.custody} = 'mismatch' then 'differing'
  when ${assets.custody} not in ('verified', 'sizeChecked') then 'beingChecked'
  when ${assets.storedXxh64} is null or ${assets.scrubbedAt} is null then 'notReadYet'
  else ${assets.custody} end`

/** The day segment of a clip's folder: `2026_11_22` in `Cloud Devices/2026_11_22/VIDEO/A-Cam`. */
export const folderDayOf = (): SQL<string> => sql<string>`split_part(${assets.folder}, '/', 2)`

/** Without what is in the trash, and without what was closed with a move: its device sent that to nobody. */
export const inScope = (scope: ManifestScope): SQL | undefined =>
  and(
    eq(assets.projectId, scope.projectId),
    inArray(assets.state, ['created', 'assembling', 'available', 'failed']),
    scope.day === null ? undefined : eq(folderDayOf(), scope.day.replaceAll('-', '_')),
    scope.deviceId === null ? undefined : eq(assets.deviceId, scope.deviceId),
    not(isInTrash(assets.id)),
  )

export type ManifestClip = {
  assetId: string
  folder: string
  name: string
  storeKey: string
  sizeBytes: number | null
  capturedAt: Date
  storedXxh64: string | null
  readAt: Date | null
  standing: StoredStanding
}

/** Each page costs the database a look at the whole project; this many clips are some megabytes. */
const pageSize = 10_000

/** The clips of a scope in the order of their folders and names; one page of them is held. */
export async function* listManifestClips(db: Database, scope: ManifestScope): AsyncGenerator<ManifestClip> {
  // By bytes, whatever the database's language: the order stands in the manifest.
  const [folder, name] = [sql`${assets.folder} collate "C"`, sql`${assets.name} collate "C"`]
  for (let last: ManifestClip | undefined; ; ) {
    const page: ManifestClip[] = await db
      .select({
        assetId: assets.id,
        folder: assets.folder,
        name: assets.name,
        storeKey: assets.storeKey,
        sizeBytes: assets.filesizeBytes,
        capturedAt: assets.capturedAt,
        storedXxh64: assets.storedXxh64,
        readAt: assets.scrubbedAt,
        standing: standingOf(),
      })
      .from(assets)
      .where(
        and(
          inScope(scope),
          last === undefined
            ? undefined
            : sql`(${folder}, ${name}, ${assets.id}) > (${last.folder}, ${last.name}, ${last.assetId}::uuid)`,
        ),
      )
      .orderBy(asc(folder), asc(name), asc(assets.id))
      .limit(pageSize)
    yield* page
    last = page.at(-1)
    if (page.length < pageSize) return
  }
}
