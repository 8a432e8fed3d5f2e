import { assets, projects, scrubs } from '@rushes/db'
import { and, eq, sql } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import type { Acting } from '../context.ts'
import { announceDeviceChange } from '../devices/announce-change.ts'
import { canBeRead } from './can-be-read.ts'

export type AskScrubOutcome =
  /** They are read before anything that the timetable has due; those that are being read just now, once more after it. */
  | { kind: 'asked'; clipCount: number }
  | { kind: 'clipUnknown' }
  | { kind: 'projectUnknown' }
  /** It is not whole yet, being checked already, or in the trash. */
  | { kind: 'notReadable' }

/** Asks that stored bytes are read and compared now: of one clip, or of all in a project. */
export async function askScrub(
  context: Acting,
  input: { assetId: string } | { projectId: string },
): Promise<AskScrubOutcome> {
  const { now, actor } = context
  return context.db.transaction(async (tx): Promise<AskScrubOutcome> => {
    const target = 'assetId' in input ? await findClip(tx, input.assetId) : await findProject(tx, input.projectId)
    if (target === null) return { kind: 'assetId' in input ? 'clipUnknown' : 'projectUnknown' }
    const chosen = 'assetId' in input ? eq(assets.id, input.assetId) : eq(assets.projectId, input.projectId)
    const asked = await tx.execute(sql`
      insert into ${scrubs} (asset_id, asked_at, asked_by)
      select id, ${now.toISOString()}::timestamptz, ${actor.name} from ${assets} where ${and(chosen, canBeRead())}
      on conflict (asset_id) do update
      set asked_at = excluded.asked_at, asked_by = excluded.asked_by, attempts = 0, error = null, not_before = null`)
    const clipCount = asked.rowCount ?? 0
    if (clipCount === 0 && 'assetId' in input) return { kind: 'notReadable' }
    await recordAudit(
      { ...context, db: tx },
      {
        action: 'assetId' in input ? 'clip.checkAgain' : 'project.checkAgain',
        target: { kind: 'assetId' in input ? 'clip' : 'project', id: target.id, name: target.name },
        projectId: target.projectId,
        deviceId: target.deviceId,
        ...('assetId' in input ? {} : { after: { clipCount } }),
      },
    )
    await announceDeviceChange(tx, { deviceIds: target.deviceId === null ? [] : [target.deviceId] })
    return { kind: 'asked', clipCount }
  })
}

type Target = { id: string; name: string; projectId: string; deviceId: string | null }

async function findClip(db: Acting['db'], assetId: string): Promise<Target | null> {
  const [clip] = await db
    .select({ id: assets.id, name: assets.name, projectId: assets.projectId, deviceId: assets.deviceId })
    .from(assets)
    .where(eq(assets.id, assetId))
  return clip ?? null
}

async function findProject(db: Acting['db'], projectId: string): Promise<Target | null> {
  const [project] = await db
    .select({ id: projects.id, name: projects.name })
    .from(projects)
    .where(eq(projects.id, projectId))
  return project === undefined ? null : { ...project, projectId: project.id, deviceId: null }
}
