import { resolve } from 'node:path'
import { Command, CommanderError } from 'commander'
import { errorCode } from '../agent-error.ts'
import { clientSecretOfEnvironment, stateDirOf } from '../config.ts'
import { reachQueue } from '../local-api/reach-queue.ts'
import { agentVersion } from '../version.ts'
import { addClipCommands } from './clip-program.ts'
import { exitCodeOf, exitCodes } from './exit-codes.ts'
import { createLog } from './log.ts'
import { createOutput, printError } from './output.ts'
import { addQueueCommands, type OnQueue } from './queue-program.ts'
import { wholeNumber } from './whole-number.ts'

// `pair` and `run` bring the network stack with them; the other commands are quicker without it.
type CommonFlags = { stateDir?: string; json?: boolean; insecure?: boolean }

/** Runs one command line and resolves with the exit code; never rejects. */
export async function runCommandLine(argv: readonly string[]): Promise<number> {
  const json = argv.includes('--json')
  const signal = interruption()
  process.stdout.on('error', passOverLostReader)
  try {
    await buildProgram(signal).parseAsync([...argv])
    return exitCodes.done
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.misuse
    printError(error, json)
    return exitCodeOf(error)
  }
}

/** Whoever read the output (a pager, a terminal that was closed) may go when it has seen enough, which is no failure. */
function passOverLostReader(error: Error): void {
  if (!['EPIPE', 'EIO'].includes(errorCode(error))) throw error
}

/** Aborts at the first SIGINT or SIGTERM; a second one ends the process at once. */
function interruption(): AbortSignal {
  const controller = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (controller.signal.aborted) process.exit(exitCodes.failed)
      controller.abort()
    })
  }
  return controller.signal
}

function buildProgram(signal: AbortSignal): Command {
  const program = new Command('rushes-agent')
  program
    .description('Uploads every clip of this capture device into the right project, provably whole.')
    .version(agentVersion)
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .option(
      '--state-dir <dir>',
      'where the queue and the credentials are kept (RUSHES_STATE_DIR; default ~/.local/state/rushes-agent)',
    )
    .option('--json', 'print JSON lines instead of text')
    .option('--insecure', 'allow http: addresses beyond this machine')

  const settings = (command: Command) => {
    const flags = command.optsWithGlobals<CommonFlags>()
    return { stateDir: stateDirOf(flags.stateDir), json: flags.json === true, allowInsecure: flags.insecure === true }
  }
  /** Runs a command on the queue, through the daemon when one runs. */
  const onQueue: OnQueue = (use) => {
    return async (...given: unknown[]) => {
      const command = given.at(-1)
      if (!(command instanceof Command)) throw new Error('commander passes the command last')
      const { stateDir, json, allowInsecure } = settings(command)
      const log = createLog({ json, quiet: true })
      await reachQueue({ stateDir, allowInsecure, log }, (operations) => use(operations, createOutput(json)))
    }
  }

  program
    .command('pair')
    .description('pair this device: prints a code, waits until it is approved, keeps the credentials')
    .option('--server <url>', 'the control plane')
    .option('--upload-to <url>', 'upload to this C2C server instead (Frame.io or another)')
    .option('--client-id <id>', 'the id of this unit at --upload-to')
    .option(
      '--client-secret <secret>',
      'the secret of the device model at --upload-to; - reads it from the standard input (default: RUSHES_CLIENT_SECRET)',
    )
    .option('--name <name>', 'what the device is called (default: the host name)')
    .action(
      async (
        flags: { server?: string; uploadTo?: string; clientId?: string; clientSecret?: string; name?: string },
        command: Command,
      ) => {
        const { stateDir, json, allowInsecure } = settings(command)
        const { pair } = await import('./pair.ts')
        await pair({
          stateDir,
          allowInsecure,
          log: createLog({ json, quiet: true }),
          server: flags.server,
          uploadTo: flags.uploadTo,
          clientId: flags.clientId,
          clientSecret: await readClientSecret(flags.clientSecret),
          deviceName: flags.name,
          output: createOutput(json),
          signal,
        })
      },
    )

  program
    .command('run')
    .description('the daemon: watches folders, queues what rests, uploads it, reports')
    .option('--watch <dir...>', 'folders to watch, besides those of agent.json')
    .option('--config <file>', 'another agent.json')
    .option('--workers <n>', 'parts sent at once (default: found by measuring)', wholeNumber)
    .option(
      '--log-file <file>',
      'log to a file, of which a few older ones are kept, instead of the standard error stream',
    )
    .option('--settle <ms>', 'how long a file must rest before it counts as complete', wholeNumber)
    .action(
      async (
        flags: { watch?: string[]; config?: string; workers?: number; settle?: number; logFile?: string },
        command: Command,
      ) => {
        const { stateDir, json, allowInsecure } = settings(command)
        const { run } = await import('./run.ts')
        await run({
          stateDir,
          allowInsecure,
          log: createLog({ json, file: flags.logFile }),
          watch: flags.watch ?? [],
          configPath: flags.config,
          workers: flags.workers,
          settleMs: flags.settle,
          output: createOutput(json),
          signal,
        })
      },
    )

  program
    .command('doctor')
    .description('check everything that uploads depend on, and say what to do where something is wrong')
    .option('--watch <dir...>', 'folders to check, besides those of agent.json')
    .option('--config <file>', 'another agent.json')
    .option('--timeout <ms>', 'how long each step of a network may take', wholeNumber, 10_000)
    .action(async (flags: { watch?: string[]; config?: string; timeout: number }, command: Command) => {
      const { stateDir, json, allowInsecure } = settings(command)
      const { doctor } = await import('./doctor.ts')
      const watch = (flags.watch ?? []).map((path) => resolve(path))
      await doctor(
        { stateDir, configPath: flags.config, watch, allowInsecure, timeoutMs: flags.timeout },
        createOutput(json),
      )
    })

  addQueueCommands(program, onQueue, signal)
  addClipCommands(program, onQueue, signal)
  return program
}

/** An argument shows in the list of processes; the environment and the standard input do not. */
async function readClientSecret(flag: string | undefined): Promise<string | undefined> {
  if (flag !== '-') return flag ?? clientSecretOfEnvironment()
  let typed = ''
  for await (const chunk of process.stdin.setEncoding('utf8')) typed += chunk
  return typed.trim()
}
