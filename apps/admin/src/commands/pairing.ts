import { type ApprovePairingOutcome, approvePairing, listPendingPairings } from '@rushes/fleet'
import type { Command } from 'commander'
import { AdminError } from '../admin-error.ts'
import { findProject } from '../find-target.ts'
import { print, table } from '../output.ts'
import type { GlobalOptions } from '../program.ts'
import { withSession } from '../session.ts'

export function addPairingCommands(program: Command, globals: () => GlobalOptions): void {
  const pairing = program.command('pairing').description('Devices that ask to be let in')

  pairing
    .command('approve')
    .description('Let the device that shows this code in')
    .argument('<code>', 'the six digits that the device shows')
    .option('--project <project>', 'id or name; none for a device whose uploads go to another server')
    .option('--timezone <zone>', 'IANA name; days of the device’s folders are counted in it', ownTimezone())
    .action(async (userCode: string, options: { project?: string; timezone: string }) => {
      const { json, dataDir } = globals()
      await withSession(dataDir, async (session) => {
        const project = options.project === undefined ? null : await findProject(session, options.project)
        const outcome = await approvePairing(session, {
          ...{ userCode, projectId: project?.id ?? null, remoteAddress: null },
          timezone: options.timezone,
        })
        if (outcome.kind !== 'approved') throw refusal(outcome)
        const where = outcome.projectName ?? outcome.uploadTo ?? 'no project'
        print(json, outcome, [
          `let ${outcome.deviceName} into ${where}${outcome.pairedAgain ? ' again' : ''}`,
          outcome.deviceId,
        ])
      })
    })

  pairing
    .command('list')
    .description('The devices that wait for an answer, oldest first')
    .action(async () => {
      const { json, dataDir } = globals()
      await withSession(dataDir, async (session) => {
        const waiting = await listPendingPairings(session)
        const rows = waiting.map((one) => [
          one.deviceName,
          one.modelName,
          one.remoteAddress ?? '-',
          one.expiresAt.toISOString(),
        ])
        print(
          json,
          waiting,
          waiting.length === 0 ? ['no device is asking'] : table(['device', 'model', 'address', 'until'], rows),
        )
      })
    })
}

/** Of the person at the keyboard, as far as their machine knows it. */
const ownTimezone = () => Intl.DateTimeFormat().resolvedOptions().timeZone

function refusal(outcome: Exclude<ApprovePairingOutcome, { kind: 'approved' }>): AdminError {
  const askAgain = 'Let the device ask for a new code, then approve that one'
  switch (outcome.kind) {
    case 'codeUnknown':
      return new AdminError(
        'notFound',
        'no device shows this code',
        'Read the six digits again; codes live for two minutes',
      )
    case 'codeExpired':
      return new AdminError('refused', 'this code has expired', askAgain)
    case 'alreadyDecided':
      return new AdminError('refused', `this code was ${outcome.decision} by ${outcome.decidedBy} already`, askAgain)
    case 'projectRequired':
      return new AdminError('misuse', 'into which project?', 'Add --project ID; see rushes-admin project list')
    case 'projectNotTaken':
      return new AdminError(
        'misuse',
        `this device uploads to ${outcome.uploadTo}, which names its project`,
        'Leave --project out',
      )
    case 'projectUnknown':
      return new AdminError('notFound', 'the project is gone or archived', 'See rushes-admin project list')
    case 'timezoneUnknown':
      return new AdminError(
        'misuse',
        `the time zone ${outcome.timezone} is unknown`,
        'Use a name such as Europe/Berlin',
      )
    case 'lockedOut':
      return new AdminError('refused', 'too many wrong codes', `Try again after ${outcome.until.toISOString()}`)
  }
}
