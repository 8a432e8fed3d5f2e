import { emptyTrash, previewRetention, setFolderBy, setRetention, summarizeTrash } from '@rushes/fleet'
import type { Command } from 'commander'
import { AdminError } from '../admin-error.ts'
import { findProject } from '../find-target.ts'
import { print } from '../output.ts'
import type { GlobalOptions } from '../program.ts'
import { withSession } from '../session.ts'

/** `project folder-by`, `project retention` and `project empty-trash`: how a project files its clips, and how long it keeps them. */
export function addProjectSettingsCommands(program: Command, globals: () => GlobalOptions): void {
  const project = program.commands.find((command) => command.name() === 'project')
  if (project === undefined) throw new Error('the commands about projects are added first')

  project
    .command('folder-by')
    .description('Say which day names the folder of clips from now on; those that there are stay where they are')
    .argument('<project>', 'id or name')
    .argument('<day>', 'capture or upload')
    .option('--reason <text>', 'why, for the audit')
    .action(async (idOrName: string, day: string, options: { reason?: string }) => {
      const { json, dataDir } = globals()
      if (day !== 'capture' && day !== 'upload')
        throw new AdminError('misuse', `${day} is neither capture nor upload`, 'For example capture')
      await withSession(dataDir, async (session) => {
        const { id, name } = await findProject(session, idOrName)
        const reason = options.reason ?? null
        const outcome = await setFolderBy(session, { projectId: id, folderBy: day, reason })
        if (outcome.kind === 'projectUnknown') throw gone(name)
        const done = outcome.before === day ? 'goes on filing' : 'files'
        print(json, outcome, [`${name} ${done} clips by the day of their ${day}; earlier ones stay where they are`])
      })
    })

  project
    .command('retention')
    .description('Say how many days a project keeps its trash and, if one wants that, its clips')
    .argument('<project>', 'id or name')
    .requiredOption('--trash-days <n>', 'after them a clip in the trash is removed for good')
    .requiredOption('--clip-days <n>', 'after them a clip goes into the trash by itself, or `never`')
    .option('--removes <n>', 'how many clips this removes for good at once; needed if it does')
    .option('--reason <text>', 'why, for the audit')
    .action(
      async (idOrName: string, options: { trashDays: string; clipDays: string; removes?: string; reason?: string }) => {
        const { json, dataDir } = globals()
        const trashDays = wholeNumber('--trash-days', options.trashDays)
        const clipDays = options.clipDays === 'never' ? null : wholeNumber('--clip-days', options.clipDays)
        await withSession(dataDir, async (session) => {
          const { id: projectId, name } = await findProject(session, idOrName)
          const { removed } = await previewRetention(session, { projectId, trashDays, clipDays })
          if (removed.clipCount > 0 && options.removes !== String(removed.clipCount))
            throw new AdminError(
              'refused',
              `this would remove ${counted(removed.clipCount)} for good within minutes`,
              `If that is meant, add --removes ${removed.clipCount}`,
            )
          const outcome = await setRetention(session, {
            ...{ projectId, trashDays, clipDays },
            reason: options.reason ?? null,
          })
          switch (outcome.kind) {
            case 'set': {
              const age = clipDays === null ? 'never by themselves' : `${clipDays} days after they arrived`
              return print(json, outcome, [`${name} keeps its trash for ${trashDays} days; clips go there ${age}`])
            }
            case 'daysInvalid':
              throw new AdminError('misuse', 'days are whole numbers', `Take 1 to ${outcome.maxDays}`)
            case 'projectUnknown':
              throw gone(name)
          }
        })
      },
    )

  project
    .command('empty-trash')
    .description('Remove for good what lies in the trash of a project')
    .argument('<project>', 'id or name')
    .option('--count <n>', 'how many clips there are, so that nothing goes that was not seen')
    .option('--reason <text>', 'why, for the audit')
    .action(async (idOrName: string, options: { count?: string; reason?: string }) => {
      const { json, dataDir } = globals()
      await withSession(dataDir, async (session) => {
        const { id: projectId, name } = await findProject(session, idOrName)
        const { clipCount, asOf } = await summarizeTrash(session, { projectId })
        if (options.count !== String(clipCount))
          throw new AdminError(
            options.count === undefined ? 'misuse' : 'refused',
            `there ${clipCount === 1 ? 'is' : 'are'} ${counted(clipCount)} in the trash of ${name}`,
            `Look at them: rushes-admin clip list --trash --project ${projectId}. To remove them for good, add --count ${clipCount}`,
          )
        const outcome = await emptyTrash(session, {
          ...{ projectId, clipCount, asOf: new Date(asOf) },
          reason: options.reason ?? null,
        })
        switch (outcome.kind) {
          case 'emptied': {
            const left = outcome.leftCount === 0 ? '' : `; ${counted(outcome.leftCount)} stay until they are checked`
            return print(json, outcome, [`${counted(outcome.removingCount)} of ${name} are being removed${left}`])
          }
          case 'trashChanged':
            throw new AdminError('refused', 'the trash has changed meanwhile', 'Look at it, then do this again')
          case 'projectUnknown':
            throw gone(name)
        }
      })
    })
}

function wholeNumber(option: string, text: string): number {
  if (!/^\d{1,4}$/.test(text))
    throw new AdminError('misuse', `${option} ${text} is no number of days`, 'For example 30')
  return Number(text)
}

const counted = (clipCount: number) => (clipCount === 1 ? '1 clip' : `${clipCount} clips`)

const gone = (name: string) =>
  new AdminError('notFound', `${name} was removed meanwhile`, 'See rushes-admin project list')
