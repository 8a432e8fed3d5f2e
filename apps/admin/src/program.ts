import { Command, CommanderError } from 'commander'
import { addClipCommands } from './commands/clip.ts'
import { addClipRenameCommand } from './commands/clip-rename.ts'
import { addCommandCommands } from './commands/command.ts'
import { addDeviceCommands } from './commands/device.ts'
import { addDeviceAuthorizationCommands } from './commands/device-authorization.ts'
import { addFirstStartCommand } from './commands/first-start.ts'
import { addManifestCommand } from './commands/manifest.ts'
import { addMigrateCommand } from './commands/migrate.ts'
import { addPairingCommands } from './commands/pairing.ts'
import { addProjectCommands } from './commands/project.ts'
import { addProjectSettingsCommands } from './commands/project-settings.ts'
import { addScrubCommand } from './commands/scrub.ts'
import { addUserCommands } from './commands/user.ts'

export type GlobalOptions = { json: boolean; dataDir: string | undefined }

/** The command line. Every command takes `--json` and `--data-dir`, before or after its name. */
export function createProgram(): Command {
  const program = new Command('rushes-admin')
    .description('Projects, devices and people of a Rushes installation, for scripts and rescue.')
    .addHelpText(
      'after',
      '\nWhich installation: --data-dir DIR (a running `npm start`), else DATABASE_URL, else ./data.\nExit codes: 0 done, 1 failed, 2 misuse.',
    )
    .showHelpAfterError()
    .exitOverride()
  let current: Command = program
  const globals = (): GlobalOptions => {
    const { json, dataDir } = current.optsWithGlobals<{ json?: boolean; dataDir?: string }>()
    return { json: json === true, dataDir }
  }
  addProjectCommands(program, globals)
  addProjectSettingsCommands(program, globals)
  addPairingCommands(program, globals)
  addDeviceCommands(program, globals)
  addDeviceAuthorizationCommands(program, globals)
  addCommandCommands(program, globals)
  addManifestCommand(program, globals)
  addScrubCommand(program, globals)
  addClipCommands(program, globals)
  addClipRenameCommand(program, globals)
  addUserCommands(program, globals)
  addMigrateCommand(program, globals)
  addFirstStartCommand(program, globals)
  for (const command of everyCommand(program)) {
    command.exitOverride()
    command.option('--json', 'print JSON')
    command.option('--data-dir <dir>', 'data folder of a running `npm start`')
  }
  program.hook('preAction', (_, action) => {
    current = action
  })
  return program
}

function everyCommand(command: Command): Command[] {
  return [command, ...command.commands.flatMap(everyCommand)]
}

export const isMisuse = (error: unknown): error is CommanderError => error instanceof CommanderError
