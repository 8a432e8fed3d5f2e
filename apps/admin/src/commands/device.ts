import { assignProject, type FleetRow, fleetRows, pauseSharing, resumeSharing } from '@rushes/fleet'
import type { Command } from 'commander'
import { AdminError } from '../admin-error.ts'
import { findDevice, findProject } from '../find-target.ts'
import { print, table } from '../output.ts'
import type { GlobalOptions } from '../program.ts'
import { withSession } from '../session.ts'

export function addDeviceCommands(program: Command, globals: () => GlobalOptions): void {
  const device = program.command('device').description('Capture devices')

  device
    .command('list')
    .description('The devices, by name')
    .action(async () => {
      const { json, dataDir } = globals()
      await withSession(dataDir, async (session) => {
        const rows = await fleetRows(session)
        const lines = rows.map((row) => [
          row.deviceId,
          row.name,
          presence(row),
          row.project?.name ?? row.foreign?.projectName ?? '-',
          sharing(row),
        ])
        print(
          json,
          rows,
          rows.length === 0
            ? ['no devices yet: run `rushes-agent pair --server URL` on one']
            : table(['id', 'name', 'presence', 'project', 'sharing'], lines),
        )
      })
    })

  device
    .command('assign')
    .description('Move a device to a project; it clears its queue before it sends anything there')
    .argument('<device>', 'id or name')
    .requiredOption('--project <project>', 'id or name')
    .option('--reason <text>', 'why, for the audit')
    .action(async (idOrName: string, options: { project: string; reason?: string }) => {
      const { json, dataDir } = globals()
      await withSession(dataDir, async (session) => {
        const target = await findDevice(session, idOrName)
        const project = await findProject(session, options.project)
        const outcome = await assignProject(session, {
          deviceId: target.deviceId,
          projectId: project.id,
          reason: options.reason ?? null,
        })
        switch (outcome.kind) {
          case 'assigned':
            return print(json, outcome, [
              `${target.name} now belongs to ${project.name}; it confirms as soon as it is reached`,
            ])
          case 'sameProject':
            return print(json, outcome, [`${target.name} belongs to ${project.name} already; nothing was changed`])
          case 'foreignDestination':
            throw elsewhere(target.name, outcome.uploadTo, 'Move it')
          case 'deviceUnknown':
          case 'deviceRevoked':
            throw new AdminError(
              'refused',
              `${target.name} is no longer paired`,
              'Pair it again; then its project is chosen',
            )
          case 'projectUnknown':
          case 'projectArchived':
            throw new AdminError(
              'refused',
              `${project.name} takes no devices any more`,
              'See rushes-admin project list',
            )
        }
      })
    })

  device
    .command('pause-sharing')
    .description('What the device captures from now on never uploads, until sharing is resumed')
    .argument('<device>', 'id or name')
    .option('--channel <n>', 'this channel alone')
    .option('--reason <text>', 'why, for the audit')
    .action(async (idOrName: string, options: { reason?: string; channel?: string }) => {
      const { json, dataDir } = globals()
      await withSession(dataDir, async (session) => {
        const target = await findDevice(session, idOrName)
        const outcome = await pauseSharing(session, {
          deviceId: target.deviceId,
          channel: channelOf(options.channel),
          reason: options.reason ?? null,
        })
        switch (outcome.kind) {
          case 'paused':
            return print(json, outcome, [
              `sharing of ${named(target, options)} is paused since ${outcome.startedAt.toISOString()}`,
            ])
          case 'alreadyPaused':
            return print(json, outcome, [
              `sharing of ${named(target, options)} has been paused since ${outcome.startedAt.toISOString()} by ${outcome.startedBy}`,
            ])
          case 'foreignDestination':
            throw elsewhere(target.name, outcome.uploadTo, 'Pause sharing')
          case 'deviceUnknown':
            throw new AdminError('notFound', `${target.name} was removed meanwhile`, 'See rushes-admin device list')
        }
      })
    })

  device
    .command('resume-sharing')
    .description('What the device captures from now on uploads again')
    .argument('<device>', 'id or name')
    .option('--channel <n>', 'this channel alone')
    .option('--reason <text>', 'why, for the audit')
    .action(async (idOrName: string, options: { reason?: string; channel?: string }) => {
      const { json, dataDir } = globals()
      await withSession(dataDir, async (session) => {
        const target = await findDevice(session, idOrName)
        const outcome = await resumeSharing(session, {
          deviceId: target.deviceId,
          channel: channelOf(options.channel),
          reason: options.reason ?? null,
        })
        switch (outcome.kind) {
          case 'resumed':
            return print(json, outcome, [
              `sharing of ${named(target, options)} is resumed; what it captured since ${outcome.startedAt.toISOString()} stays blocked`,
            ])
          case 'notPaused':
            return print(json, outcome, [`sharing of ${named(target, options)} was not paused; nothing was changed`])
          case 'foreignDestination':
            throw elsewhere(target.name, outcome.uploadTo, 'Resume sharing')
          case 'deviceUnknown':
            throw new AdminError('notFound', `${target.name} was removed meanwhile`, 'See rushes-admin device list')
        }
      })
    })
}

const elsewhere = (name: string, uploadTo: string, verb: string) =>
  new AdminError('refused', `${name} uploads to ${uploadTo}, which names its project and its pauses`, `${verb} there`)

function presence({ presence }: FleetRow): string {
  switch (presence.state) {
    case 'online':
      return `online since ${presence.since}`
    case 'offline':
      return `offline since ${presence.since}`
    case 'neverConnected':
      return 'never connected'
    case 'noControlLink':
      return 'no control link'
    case 'revoked':
      return `revoked ${presence.since}`
  }
}

function sharing({ sharingPause }: FleetRow): string {
  if (sharingPause === null) return 'on'
  const what = sharingPause.channel === null ? '' : `channel ${sharingPause.channel} `
  return `${what}paused by ${sharingPause.by}`
}

/** Null: all channels. */
function channelOf(text: string | undefined): number | null {
  if (text === undefined) return null
  if (!/^\d{1,9}$/.test(text)) throw new AdminError('misuse', `there is no channel ${text}`, 'For example --channel 2')
  return Number(text)
}

const named = ({ name }: FleetRow, { channel }: { channel?: string }) =>
  channel === undefined ? name : `channel ${channelOf(channel)} of ${name}`
