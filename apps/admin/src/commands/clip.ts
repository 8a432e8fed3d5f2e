import {
  endCauseOf,
  type ListedClip,
  listClips,
  listTrash,
  type RestoreSkip,
  restoreClips,
  type TrashCursor,
  type TrashedClip,
  type TrashSkip,
  trashClips,
} from '@rushes/fleet'
import type { Command } from 'commander'
import { AdminError } from '../admin-error.ts'
import { findProject } from '../find-target.ts'
import { print, table } from '../output.ts'
import type { GlobalOptions } from '../program.ts'
import { type Session, withSession } from '../session.ts'

const pageSize = 200
/** What one transaction locks. */
const maxAtOnce = 500

export function addClipCommands(program: Command, globals: () => GlobalOptions): void {
  const clip = program.command('clip').description('Clips at the destination, and the trash of projects')

  clip
    .command('list')
    .description('Clips, the newest capture first; with --trash, what lies in the trash of a project')
    .option('--project <project>', 'id or name')
    .option('--search <text>', 'part of the path or name')
    .option('--trash', 'the trash instead', false)
    .option('--limit <n>', 'at most so many', '1000')
    .action(async (options: { project?: string; search?: string; trash: boolean; limit: string }) => {
      const { json, dataDir } = globals()
      const limit = Number(options.limit)
      if (!Number.isInteger(limit) || limit < 1)
        throw new AdminError('misuse', `--limit ${options.limit} is no number of clips`, 'For example --limit 50')
      await withSession(dataDir, async (session) => {
        const project = options.project === undefined ? null : await findProject(session, options.project)
        if (options.trash) {
          if (project === null)
            throw new AdminError(
              'misuse',
              'whose trash is meant?',
              'Name the project: rushes-admin clip list --trash --project PROJECT',
            )
          const clips = await trashOf(session, project.id, limit)
          const rows = clips.map((one) => [
            one.assetId,
            one.name,
            one.trashedBy.name,
            one.trashedAt,
            one.removing === null ? one.removesAt : 'being removed',
          ])
          return print(
            json,
            clips,
            clips.length === 0
              ? [`the trash of ${project.name} is empty`]
              : table(['id', 'name', 'trashed by', 'at', 'removed'], rows),
          )
        }
        const clips = await clipsOf(session, { projectId: project?.id, search: options.search }, limit)
        const rows = clips.map((one) => [
          one.assetId ?? '-',
          one.name,
          one.deviceName,
          one.project?.name ?? '-',
          stateOf(one),
        ])
        print(
          json,
          clips,
          clips.length === 0
            ? ['no clips fit']
            : [...table(['id', 'name', 'device', 'project', 'state'], rows), ...causesIn(clips)],
        )
      })
    })

  clip
    .command('trash')
    .description('Put clips into the trash; they can be restored until the project’s days are over')
    .argument('<ids...>', 'ids of clips: rushes-admin clip list')
    .option('--reason <text>', 'why, for the audit')
    .action(async (ids: string[], options: { reason?: string }) => {
      const { json, dataDir } = globals()
      await withSession(dataDir, async (session) => {
        const assetIds = checkIds(ids)
        const outcome = await trashClips(session, { assetIds, reason: options.reason ?? null })
        print(json, outcome, told('put into the trash', outcome.assetIds, outcome.skipped, trashSkips))
        failIfNone(outcome)
      })
    })

  clip
    .command('restore')
    .description('Take clips out of the trash')
    .argument('<ids...>', 'ids of clips: rushes-admin clip list --trash --project PROJECT')
    .option('--reason <text>', 'why, for the audit')
    .action(async (ids: string[], options: { reason?: string }) => {
      const { json, dataDir } = globals()
      await withSession(dataDir, async (session) => {
        const assetIds = checkIds(ids)
        const outcome = await restoreClips(session, { assetIds, reason: options.reason ?? null })
        print(json, outcome, told('restored', outcome.assetIds, outcome.skipped, restoreSkips))
        failIfNone(outcome)
      })
    })
}

/** Where a clip stands; what its device goes on calling verified is not, once the stored bytes were found to differ. */
const stateOf = ({ state, custody, error }: ListedClip) =>
  custody === 'mismatch' ? 'bytes differ' : [state, endCauseOf(error?.code ?? null)?.title].filter(Boolean).join(': ')

/** What to do about each cause that stands in the table. */
const causesIn = (clips: readonly ListedClip[]): string[] => {
  const causes = new Set(clips.flatMap(({ error }) => endCauseOf(error?.code ?? null) ?? []))
  return [...causes].map(({ title, explanation }) => `${title}: ${explanation}`)
}

async function clipsOf(
  session: Session,
  { projectId, search }: { projectId: string | undefined; search: string | undefined },
  limit: number,
) {
  const clips = []
  let after: Parameters<typeof listClips>[1]['after'] = null
  do {
    const filter = { ...(projectId === undefined ? {} : { projectId }), ...(search === undefined ? {} : { search }) }
    const page = await listClips(session, { filter, after, limit: Math.min(pageSize, limit - clips.length) })
    clips.push(...page.rows)
    after = page.next
  } while (after !== null && clips.length < limit)
  return clips
}

async function trashOf(session: Session, projectId: string, limit: number): Promise<TrashedClip[]> {
  const clips: TrashedClip[] = []
  let after: TrashCursor | null = null
  do {
    const page = await listTrash(session, { projectId, after, limit: Math.min(pageSize, limit - clips.length) })
    clips.push(...page.clips)
    after = page.next
  } while (after !== null && clips.length < limit)
  return clips
}

const trashSkips: Record<TrashSkip, string> = {
  clipUnknown: 'there is no such clip',
  notAvailable: 'it is not whole yet, or never will be',
  inTrash: 'it is in the trash already',
  removed: 'it was removed for good',
}

const restoreSkips: Record<RestoreSkip, string> = {
  notInTrash: 'it is not in the trash',
  removed: 'it was removed for good, or is about to be',
}

function told<Skip extends string>(
  done: string,
  assetIds: readonly string[],
  skipped: readonly { assetId: string; because: Skip }[],
  words: Record<Skip, string>,
): string[] {
  return [
    `${assetIds.length} ${assetIds.length === 1 ? 'clip' : 'clips'} ${done}`,
    ...skipped.map(({ assetId, because }) => `left as it is: ${assetId} (${words[because]})`),
  ]
}

/** Ids as they are stored. @throws AdminError `misuse` */
export function checkIds(ids: readonly string[]): string[] {
  const wrong = ids.find((id) => !/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id))
  if (wrong !== undefined)
    throw new AdminError('misuse', `${wrong} is not the id of a clip`, 'See the ids: rushes-admin clip list')
  if (ids.length > maxAtOnce)
    throw new AdminError('misuse', `${ids.length} clips at once are too many`, `Name at most ${maxAtOnce} at a time`)
  return ids.map((id) => id.toLowerCase())
}

/** A script that named one clip wants to hear by the exit code that nothing was done. */
function failIfNone({ assetIds }: { assetIds: readonly string[] }): void {
  if (assetIds.length === 0)
    throw new AdminError('refused', 'no clip was changed', 'Each line above says why; see rushes-admin clip list')
}
