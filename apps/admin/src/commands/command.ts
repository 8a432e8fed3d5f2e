import { type CommandDetail, enqueueCommand, getCommand } from '@rushes/fleet'
import { Argument, type Command } from 'commander'
import { AdminError } from '../admin-error.ts'
import { awaitCommand } from '../await-command.ts'
import { bodyOf, type CommandOrder, checkTargets, devicesOf, type Kind, kinds } from '../command-order.ts'
import { commandLines, commandStanding } from '../command-words.ts'
import { print } from '../output.ts'
import type { GlobalOptions } from '../program.ts'
import { withSession } from '../session.ts'

const maxWaitSeconds = 86_400

/** `command send` and `command show`: what devices are told to do, and what each of them made of it. */
export function addCommandCommands(program: Command, globals: () => GlobalOptions): void {
  const command = program.command('command').description('What devices are told to do, and what came of it')

  command
    .command('send')
    .description('Tell devices what to do with their queues, and wait for what each of them made of it')
    .addArgument(new Argument('<kind>', 'what to do').choices(kinds))
    .option('--devices <device...>', 'these; ids or names')
    .option('--filter <text>', 'all whose name, project or host has this in it')
    .option('--uploads <id...>', 'of one device: these clips alone, as `rushes-agent list` names them')
    .option('--reason <text>', 'why, for the audit; clearQueue and unblockUpload need one')
    .option('--count <n>', 'how many devices that is; needed to clear the queues of several')
    .option('--wait <seconds>', 'how long to wait for the outcome; 0: not at all', '60')
    .addHelpText(
      'after',
      `
  retryUploads    queues what failed again with fresh tries; with --uploads, those
  clearQueue      takes what is not uploaded out of the queue; files stay, and on the
                  device \`rushes-agent restore\` takes the clips back
  holdUploads     the queue waits and goes up after a release
  releaseUploads  ends the hold; with --uploads, lets held clips go
  unblockUpload   offers a clip again that was captured while sharing was paused

A device that is out of reach is told when it comes back, for seven days. Exit code 0: every device has done it.
Moving a device and pausing its sharing are \`rushes-admin device assign\` and \`device pause-sharing\`.`,
    )
    .action(async (kind: Kind, options: CommandOrder & { wait: string }) => {
      const { json, dataDir } = globals()
      const waitMs = waitMsOf(options.wait)
      const body = bodyOf(kind, options)
      await withSession(dataDir, async (session) => {
        const devices = await devicesOf(session, options)
        checkTargets(kind, devices, options)
        const outcome = await enqueueCommand(session, {
          commandId: crypto.randomUUID(),
          body,
          deviceIds: devices.map((device) => device.deviceId),
          reason: options.reason?.trim() ?? null,
        })
        const names = new Map(devices.map((device) => [device.deviceId, device.name]))
        const skipped = (outcome.kind === 'alreadyEnqueued' ? [] : outcome.skipped).map((one) => ({
          ...one,
          name: names.get(one.deviceId) ?? one.deviceId,
        }))
        if (outcome.kind === 'noDevices')
          throw new AdminError(
            'refused',
            `no device here takes commands: ${skipped.map(({ name }) => name).join(', ')}`,
            'Only a paired device that runs the Rushes agent does; see rushes-admin device list',
          )
        const { commandId } = outcome
        if (!json && waitMs > 0)
          process.stderr.write(`sent as ${commandId}; waiting up to ${waitMs / 1_000} s, Ctrl-C does not call it off\n`)
        const detail = await awaitCommand(session, commandId, waitMs)
        print(json, { ...detail, skipped }, commandLines(detail, skipped))
        if (waitMs > 0) failUnlessDone(detail, skipped.length)
      })
    })

  command
    .command('show')
    .description('What each device made of a command')
    .argument('<id>', 'as `command send` printed it')
    .action(async (id: string) => {
      const { json, dataDir } = globals()
      const isUuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id)
      await withSession(dataDir, async (session) => {
        const detail = isUuid ? await getCommand(session, { commandId: id.toLowerCase() }) : null
        if (detail === null)
          throw new AdminError('notFound', `there is no command ${id}`, 'The page Commands lists them')
        print(json, detail, commandLines(detail, []))
      })
    })
}

function waitMsOf(text: string): number {
  const seconds = /^\d{1,5}$/.test(text) ? Number(text) : Number.NaN
  if (!(seconds <= maxWaitSeconds))
    throw new AdminError('misuse', `${text} is no time to wait`, `Whole seconds from 0 to ${maxWaitSeconds}`)
  return seconds * 1_000
}

/** A script wants to hear by the exit code whether it was done. */
function failUnlessDone(detail: CommandDetail, skippedCount: number): void {
  const { openCount, unsuccessfulCount } = detail.rollUp
  if (openCount === 0 && unsuccessfulCount === 0 && skippedCount === 0) return
  throw new AdminError(
    'refused',
    commandStanding(detail, skippedCount),
    openCount > 0
      ? `It goes on; look again with rushes-admin command show ${detail.commandId}`
      : 'Each line above says what to do',
  )
}
