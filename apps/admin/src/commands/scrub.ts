import { askScrub } from '@rushes/fleet'
import type { Command } from 'commander'
import { AdminError } from '../admin-error.ts'
import { findProject } from '../find-target.ts'
import { print } from '../output.ts'
import type { GlobalOptions } from '../program.ts'
import { withSession } from '../session.ts'

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

export function addScrubCommand(program: Command, globals: () => GlobalOptions): void {
  program
    .command('scrub')
    .description('Have stored clips read and compared now, before whatever the timetable has due')
    .option('--project <project>', 'all of its clips; id or name')
    .option('--clip <id>', 'this one')
    .action(async (options: { project?: string; clip?: string }) => {
      const { json, dataDir } = globals()
      const { project, clip } = options
      if ((project === undefined) === (clip === undefined) || (clip !== undefined && !uuid.test(clip)))
        throw new AdminError('misuse', 'say which clips', 'Either --project with an id or name, or --clip with an id')
      await withSession(dataDir, async (session) => {
        const what =
          clip === undefined ? { projectId: (await findProject(session, project ?? '')).id } : { assetId: clip }
        const outcome = await askScrub(session, what)
        switch (outcome.kind) {
          case 'asked':
            return print(json, outcome, [
              `asked for ${outcome.clipCount} ${outcome.clipCount === 1 ? 'clip' : 'clips'}; ingest reads one after the other, and what differs shows under Needs attention`,
            ])
          case 'notReadable':
            throw new AdminError(
              'refused',
              'this clip is not whole yet, is being checked already, or is in the trash',
              'Wait until it has arrived, or restore it',
            )
          case 'clipUnknown':
          case 'projectUnknown':
            throw new AdminError('notFound', 'there is no such clip', 'The address of a clip’s page ends in its id')
        }
      })
    })
}
