import { type FleetRow, listFleet, type OperatorCommand } from '@rushes/fleet'
import { AdminError } from './admin-error.ts'
import { findDevice } from './find-target.ts'
import type { Session } from './session.ts'

export const kinds = [
  'retryUploads',
  'clearQueue',
  'holdUploads',
  'releaseUploads',
  'unblockUpload',
] as const satisfies readonly OperatorCommand['kind'][]
export type Kind = (typeof kinds)[number]

/** What is said on the command line about a command to be sent. */
export type CommandOrder = {
  devices?: string[]
  filter?: string
  uploads?: string[]
  reason?: string
  count?: string
}

const maxReasonLength = 500
const maxUploads = 500
const pageSize = 500

/** What travels. @throws AdminError `misuse` */
export function bodyOf(kind: Kind, { uploads, reason }: CommandOrder): OperatorCommand {
  const given = reason?.trim() ?? ''
  if ((kind === 'clearQueue' || kind === 'unblockUpload') && given === '')
    throw new AdminError('misuse', `${kind} needs a reason`, 'Say why with --reason TEXT; it is kept in the audit')
  if (given.length > maxReasonLength)
    throw new AdminError('misuse', 'the reason is too long', `At most ${maxReasonLength} characters`)
  const [first, ...more] = uploads ?? []
  if ((uploads ?? []).length > maxUploads)
    throw new AdminError('misuse', 'these are too many clips for one command', `At most ${maxUploads}`)
  switch (kind) {
    case 'retryUploads':
    case 'releaseUploads':
      return { kind, uploadIds: uploads ?? null }
    case 'unblockUpload':
      if (first === undefined || more.length > 0)
        throw new AdminError('misuse', 'one clip is offered again at a time', 'Name it: --uploads ID')
      return { kind, uploadId: first, reason: given }
    case 'clearQueue':
    case 'holdUploads':
      if (first !== undefined) throw new AdminError('misuse', `${kind} is about the whole queue`, 'Leave --uploads out')
      return { kind }
  }
}

/** The devices that are named, or that fit the filter and are paired. @throws AdminError `misuse`, `notFound` */
export async function devicesOf(session: Session, { devices: named, filter }: CommandOrder): Promise<FleetRow[]> {
  if ((named === undefined) === (filter === undefined))
    throw new AdminError('misuse', 'say which devices', 'Either --devices with ids or names, or --filter TEXT')
  const found = new Map<string, FleetRow>()
  for (const idOrName of named ?? []) {
    const device = await findDevice(session, idOrName)
    found.set(device.deviceId, device)
  }
  for (let after: Parameters<typeof listFleet>[1]['after'] = null; filter !== undefined; ) {
    const page = await listFleet(session, {
      ...{ filter: { search: filter }, sort: 'name', descending: false, after, limit: pageSize },
    })
    for (const device of page.rows) if (device.presence.state !== 'revoked') found.set(device.deviceId, device)
    if (page.next === null) break
    after = page.next
  }
  if (found.size === 0)
    throw new AdminError('notFound', `no device has “${filter}” in it`, 'See the names: rushes-admin device list')
  return [...found.values()]
}

/** What an operator confirms in the browser is said here beforehand. @throws AdminError `misuse` */
export function checkTargets(kind: Kind, devices: readonly FleetRow[], { uploads, count }: CommandOrder): void {
  const names = devices.map((device) => device.name).join(', ')
  if (uploads !== undefined && devices.length > 1)
    throw new AdminError('misuse', `clips are of one device, and these are ${devices.length}`, `Choose one of ${names}`)
  if (count !== undefined && count !== String(devices.length))
    throw new AdminError('misuse', `that is ${devices.length} devices, not ${count}: ${names}`, 'Nothing was sent')
  if (kind === 'clearQueue' && devices.length > 1 && count === undefined)
    throw new AdminError(
      'misuse',
      `this clears the queues of ${devices.length} devices: ${names}`,
      `Nothing was sent. If that is meant, add --count ${devices.length}`,
    )
}
