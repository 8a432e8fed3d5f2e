import { forgetDevice, setAuthorizationExpiry } from '@rushes/fleet'
import type { Command } from 'commander'
import { AdminError } from '../admin-error.ts'
import { findDevice } from '../find-target.ts'
import { print } from '../output.ts'
import type { GlobalOptions } from '../program.ts'
import { withSession } from '../session.ts'

/** `device forget` and `device expire`: for how long a device may act. */
export function addDeviceAuthorizationCommands(program: Command, globals: () => GlobalOptions): void {
  const device = program.commands.find((command) => command.name() === 'device')
  if (device === undefined) throw new Error('the commands about devices are added first')

  device
    .command('forget')
    .description('End a pairing: tokens, control link and unfinished uploads stop at once')
    .argument('<device>', 'id or name')
    .option('--reason <text>', 'why, for the audit')
    .action(async (idOrName: string, options: { reason?: string }) => {
      const { json, dataDir } = globals()
      await withSession(dataDir, async (session) => {
        const { deviceId, name } = await findDevice(session, idOrName)
        const outcome = await forgetDevice(session, { deviceId, reason: options.reason ?? null })
        if (outcome.kind !== 'forgotten') throw unpaired(name)
        const closedCount = outcome.closedAssetIds.length
        print(json, outcome, [`${name} is forgotten; ${closedCount} uploads that were not whole are closed`])
      })
    })

  device
    .command('expire')
    .description('Say until when a device may act')
    .argument('<device>', 'id or name')
    .argument('<instant>', 'such as 2026-12-24T18:00:00Z, or `never`')
    .option('--reason <text>', 'why, for the audit')
    .action(async (idOrName: string, instant: string, options: { reason?: string }) => {
      const { json, dataDir } = globals()
      const expiresAt = instant === 'never' ? null : new Date(instant)
      if (expiresAt !== null && Number.isNaN(expiresAt.getTime()))
        throw new AdminError('misuse', `${instant} is no instant`, 'Write it like 2026-12-24T18:00:00Z, or never')
      await withSession(dataDir, async (session) => {
        const { deviceId, name } = await findDevice(session, idOrName)
        const outcome = await setAuthorizationExpiry(session, { deviceId, expiresAt, reason: options.reason ?? null })
        if (outcome.kind !== 'set') throw unpaired(name)
        const until = expiresAt === null ? 'for as long as it is paired' : `until ${expiresAt.toISOString()}`
        print(json, outcome, [`${name} may act ${until}`])
      })
    })
}

const unpaired = (name: string) =>
  new AdminError('refused', `${name} is no longer paired`, 'Nothing is left to end; pair it again to use it')
