import { createProject, listProjects } from '@rushes/fleet'
import type { Command } from 'commander'
import { AdminError } from '../admin-error.ts'
import { print, table } from '../output.ts'
import type { GlobalOptions } from '../program.ts'
import { withSession } from '../session.ts'

export function addProjectCommands(program: Command, globals: () => GlobalOptions): void {
  const project = program.command('project').description('Projects that footage goes into')

  project
    .command('create')
    .description('Make a project')
    .argument('<name>')
    .option('--timezone <zone>', 'IANA name; folders by day are counted in it', 'UTC')
    .option('--folder-by <day>', 'which day names a clip’s folder: capture or upload', 'capture')
    .action(async (name: string, options: { timezone: string; folderBy: string }) => {
      const { json, dataDir } = globals()
      const { folderBy } = options
      if (folderBy !== 'capture' && folderBy !== 'upload') {
        throw new AdminError(
          'misuse',
          `--folder-by ${folderBy} is neither capture nor upload`,
          'Leave it out to file clips by the day of their capture',
        )
      }
      await withSession(dataDir, async (session) => {
        const outcome = await createProject(session, { name, timezone: options.timezone, folderBy })
        switch (outcome.kind) {
          case 'created':
            return print(json, outcome.project, [`created project ${outcome.project.name}`, outcome.project.id])
          case 'nameInvalid':
            throw new AdminError(
              'misuse',
              'a project needs a name of 1 to 120 characters on one line',
              'For example: rushes-admin project create "Night shoot"',
            )
          case 'timezoneUnknown':
            throw new AdminError(
              'misuse',
              `the time zone ${outcome.timezone} is unknown`,
              'Use an IANA name such as Europe/Berlin',
            )
        }
      })
    })

  project
    .command('list')
    .description('The projects, by name')
    .option('--archived', 'archived ones too', false)
    .action(async (options: { archived: boolean }) => {
      const { json, dataDir } = globals()
      await withSession(dataDir, async (session) => {
        const found = await listProjects(session, { includeArchived: options.archived })
        const rows = found.map((one) => [one.id, one.name, one.timezone, String(one.deviceCount)])
        print(
          json,
          found,
          found.length === 0
            ? ['no projects yet: rushes-admin project create NAME']
            : table(['id', 'name', 'time zone', 'devices'], rows),
        )
      })
    })
}
