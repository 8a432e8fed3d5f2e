import { assets, type Database, projects } from '@rushes/db'
import { count, desc, eq, sql } from 'drizzle-orm'
import {
  folderDayOf,
  inScope,
  type ManifestCounts,
  type ManifestScope,
  noneCounted,
  standingOf,
} from './manifest-clips.ts'

export type ManifestPreview = {
  counts: ManifestCounts
  /** The days that there are clips of, `YYYY-MM-DD`, the latest first, whatever day the scope has. */
  days: string[]
}

/** What a manifest of this scope would list and leave out at the moment. */
export async function previewManifest(
  { db }: { db: Database },
  input: { scope: ManifestScope },
): Promise<{ kind: 'found'; preview: ManifestPreview } | { kind: 'projectUnknown' }> {
  const { scope } = input
  const [project] = await db.select({ id: projects.id }).from(projects).where(eq(projects.id, scope.projectId))
  if (project === undefined) return { kind: 'projectUnknown' }
  const counts = noneCounted()
  const standing = standingOf()
  const counted = await db.select({ standing, clipCount: count() }).from(assets).where(inScope(scope)).groupBy(sql`1`)
  for (const row of counted) counts[row.standing] = row.clipCount
  const day = folderDayOf()
  const days = await db
    .select({ day })
    .from(assets)
    .where(inScope({ ...scope, day: null }))
    .groupBy(sql`1`)
    .orderBy(desc(sql`1`))
  return {
    kind: 'found',
    preview: {
      counts,
      days: days.map((row) => row.day.replaceAll('_', '-')).filter((text) => /^\d{4}-\d\d-\d\d$/.test(text)),
    },
  }
}
