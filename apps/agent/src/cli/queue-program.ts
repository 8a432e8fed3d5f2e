import type { Command } from 'commander'
import { AgentError } from '../agent-error.ts'
import type { Operations } from '../local-api/operations.ts'
import { addAddCommand } from './add-program.ts'
import type { Output } from './output.ts'
import { finishRecording, list, notPaired, status, touch } from './queue-commands.ts'
import { restore, unblock } from './take-back.ts'
import { watch } from './watch.ts'

/** Makes the action of a command that works on the queue, through the daemon when one runs. */
export type OnQueue = (
  use: (operations: Operations, output: Output) => Promise<void>,
) => (...given: unknown[]) => Promise<void>

/** The commands that look at the queue and steer it. */
export function addQueueCommands(program: Command, onQueue: OnQueue, signal: AbortSignal): void {
  addAddCommand(program, onQueue, signal)
  program
    .command('watch')
    .description('show progress of what is on its way, until Ctrl-C')
    .action(onQueue((operations, output) => watch(operations, output, signal)))
  program.command('list').description('print the queue').action(onQueue(list))
  program
    .command('status')
    .description('identity, project, links, counts, and why nothing moves')
    .action(onQueue(status))

  for (const verb of ['retry', 'reset'] as const) {
    const what =
      verb === 'retry'
        ? 'queue uploads again with fresh tries, keeping the parts that arrived'
        : 'start uploads from the beginning, with the files as they are now'
    program
      .command(`${verb} [id...]`)
      .description(what)
      .option('--failed', 'all that failed')
      .action(async (ids: string[], flags: { failed?: boolean }, command: Command) => {
        await onQueue((operations, output) =>
          touch(verb, operations[verb], ids, flags.failed === true, '--failed', output),
        )(command)
      })
  }
  program
    .command('cancel [id...]')
    .description(
      'take uploads out of the queue; files are never touched, nor is the only copy of what came through a pipe',
    )
    .option('--all', 'everything that is not uploaded')
    .action(async (ids: string[], flags: { all?: boolean }, command: Command) => {
      await onQueue((operations, output) =>
        touch('cancel', operations.cancel, ids, flags.all === true, '--all', output),
      )(command)
    })
  program
    .command('recording')
    .description('what a recorder says of its files')
    .command('finish <path>')
    .description('a growing file is complete: upload the rest of it now')
    .action(async (path: string, _flags: object, command: Command) => {
      await onQueue((operations, output) => finishRecording(operations, path, output))(command)
    })
  for (const verb of ['pin', 'unpin'] as const) {
    program
      .command(`${verb} <id...>`)
      .description(verb === 'pin' ? 'upload these before everything else' : 'put pinned uploads back in their place')
      .action(async (ids: string[], _flags: object, command: Command) => {
        await onQueue(async (operations, output) => {
          const changed = await operations.pin({ ids, pinned: verb === 'pin' })
          output.print(changed, `${verb}: ${changed.ids.length} files`)
          refuseMissed(ids, changed.ids, `nothing to ${verb} about`)
        })(command)
      })
  }
  program
    .command('hold')
    .description('put uploads on hold: the queue waits and goes on later')
    .action(
      onQueue(async (operations, output) => {
        const { changed } = await operations.hold({})
        output.print({ changed }, changed ? 'Uploads are on hold.' : 'Uploads were on hold already.')
      }),
    )
  program
    .command('release [id...]')
    .description(
      'end the hold, and release the named held uploads; with a reason: offer one once more that was captured in a pause',
    )
    .option('--reason <text>', 'why a clip that is blocked is to be offered again')
    .action(async (ids: string[], flags: { reason?: string }, command: Command) => {
      await onQueue(async (operations, output) => {
        if (flags.reason !== undefined) return unblock(operations, ids, flags.reason, output)
        const released = await operations.release({ ids })
        output.print(
          released,
          `${released.changed ? 'The hold is over' : 'There was no hold'}; released ${released.ids.length} files.`,
        )
        refuseMissed(ids, released.ids, 'not held:')
      })(command)
    })
  program
    .command('restore [id...]')
    .description('take back what was cleared from the queue, of this project; without ids: tell how much that is')
    .option('--cleared', 'all of it')
    .action(async (ids: string[], flags: { cleared?: boolean }, command: Command) => {
      await onQueue((operations, output) => restore(operations, ids, flags.cleared === true, output))(command)
    })
  program
    .command('deauthorize')
    .description('forget the pairing and revoke its credentials; the queue is kept')
    .action(
      onQueue(async (operations, output) => {
        if (!(await operations.status({})).paired) throw notPaired()
        const { revoked } = await operations.deauthorize({})
        output.print(
          { revoked },
          revoked
            ? 'The pairing is forgotten and revoked.'
            : 'The pairing is forgotten here; the server did not answer, so revoke it there too.',
        )
      }),
    )
}

function refuseMissed(ids: readonly string[], touched: readonly string[], what: string): void {
  const missed = ids.filter((id) => !touched.includes(id))
  if (missed.length > 0)
    throw new AgentError(
      'SERVER_REFUSED',
      `${what} ${missed.join(', ')}`,
      'rushes-agent list shows the uploads and their states.',
    )
}
