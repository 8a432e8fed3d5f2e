import { type Command, Option } from 'commander'
import { AgentError } from '../agent-error.ts'
import { readBootId, readUptimeMs } from '../boot-id.ts'
import { stateDirOf } from '../config.ts'
import { checkClipName } from '../spool/check-name.ts'
import { spoolInput } from '../spool/spool-input.ts'
import { showReceived } from './progress/show-received.ts'
import { add, addEach, notPaired } from './queue-commands.ts'
import type { OnQueue } from './queue-program.ts'
import { requireDaemon, type WaitedFor, waitFor } from './watch.ts'
import { wholeNumber } from './whole-number.ts'

type Flags = { channel: number; name?: string; wait?: WaitedFor }

/** What stands for the standard input among the files. */
const pipe = '-'

const pipeHelp = `
A pipe is spooled to the state folder first: WRITER | rushes-agent add - --name A001.mov
  Its end is the end of the clip, and its capture began when the command did. To end a recording, end its writer; Ctrl-C drops it.
  The spooled file is removed when the clip is home. Until then it is the only copy, and it stays there (spool/ of the state folder)
  when the upload fails, is blocked, held, cancelled or cleared. Nothing is taken when the disk has no room for it.`

/** The command that queues files by hand. */
export function addAddCommand(program: Command, onQueue: OnQueue, signal: AbortSignal): void {
  program
    .command('add <file...>')
    .description('queue files by hand; - takes a pipe')
    .option('--channel <n>', 'the channel of the destination', wholeNumber, 0)
    .option('--name <name>', 'of a pipe: what its clip is called; its extension says what it is')
    .addOption(
      new Option('--wait <state>', 'show progress until they have come so far').choices(['uploaded', 'verified']),
    )
    .addHelpText('after', pipeHelp)
    .action(async (files: string[], flags: Flags, command: Command) => {
      const name = pipedName(files, flags)
      if (name !== null) return addPipe(name, flags, command, onQueue, signal)
      await onQueue(async (operations, output) => {
        if (flags.wait !== undefined) await requireDaemon(operations)
        const ids = await add(operations, files, flags.channel, output)
        if (flags.wait !== undefined) await waitFor(operations, ids, flags.wait, output, signal)
      })(command)
    })
}

/** Spools what comes through the standard input, then queues it. In between the queue is nobody's: what takes hours must not keep an agent from it. */
async function addPipe(
  name: string,
  { channel, wait }: Flags,
  command: Command,
  onQueue: OnQueue,
  signal: AbortSignal,
): Promise<void> {
  const began = { at: Date.now(), inBoot: { bootId: readBootId(), uptimeMs: readUptimeMs() } }
  checkClipName(name)
  await onQueue(async (operations) => {
    if (!(await operations.status({})).paired) throw notPaired()
    if (wait !== undefined) await requireDaemon(operations)
  })(command)
  const flags = command.optsWithGlobals<{ stateDir?: string; json?: boolean }>()
  const received = showReceived(name, flags.json === true)
  const spooled = await spoolInput(process.stdin, {
    stateDir: stateDirOf(flags.stateDir),
    name,
    note: { channel, began },
    signal,
    onReceived: received.show,
  }).finally(received.close)
  try {
    await onQueue(async (operations, output) => {
      const ids = await addEach([() => operations.addPiped({ id: spooled.id })], output)
      spooled.release()
      if (wait === undefined) return
      await requireDaemon(operations)
      await waitFor(operations, ids, wait, output, signal)
    })(command)
  } finally {
    spooled.release()
  }
}

/** The name of the clip that comes through the pipe; null when there is none. Throws `MISUSE` where that is not plain. */
function pipedName(files: readonly string[], { name }: Flags): string | null {
  if (!files.includes(pipe)) {
    if (name === undefined) return null
    throw misuse('--name is for a pipe alone', 'A file is called as it is: rushes-agent add FILE …')
  }
  if (files.length > 1) throw misuse('- is to stand alone', 'Add files and a pipe with a command each.')
  if (name === undefined) throw misuse('a pipe needs a name', 'WRITER | rushes-agent add - --name A001.mov')
  if (process.stdin.isTTY) throw misuse('no pipe leads here', 'WRITER | rushes-agent add - --name A001.mov')
  return name
}

const misuse = (message: string, hint: string): AgentError => new AgentError('MISUSE', message, hint)
