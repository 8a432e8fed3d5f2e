import type { Command } from 'commander'
import type { OnQueue } from './queue-program.ts'
import { show } from './show.ts'

/** The commands about single clips and what is known of their bytes. */
export function addClipCommands(program: Command, onQueue: OnQueue, signal: AbortSignal): void {
  program
    .command('show <id>')
    .description('print all that is known of one upload and its parts')
    .action(async (id: string, _flags: object, command: Command) => {
      await onQueue((operations, output) => show(operations, id, output))(command)
    })
  program
    .command('manifest <dir>')
    .description('write an ASC MHL manifest of the clips below a folder, the next one of its history')
    .action(async (dir: string, _flags: object, command: Command) => {
      // Brings a reader of XML with it.
      const { manifest } = await import('./manifest.ts')
      await onQueue((operations, output) => manifest(operations, dir, output, signal))(command)
    })
}
