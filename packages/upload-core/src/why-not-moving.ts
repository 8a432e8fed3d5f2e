import { type ReasonCode, reasons, type UploadState as UploadStateName } from '@rushes/protocol'

/** What holds for the whole device. Instants are ISO 8601. */
export type DeviceConditions = {
  paired: boolean
  authorizationLost: boolean
  hasProject: boolean
  /** The device confirms its move to another project. */
  fencePending: boolean
  /** Since when uploads are on hold; null when they are not. */
  heldSince: string | null
  /** Why nothing reaches the destination; null while it answers. */
  linkDown: {
    reason: Extract<
      ReasonCode,
      'offline' | 'destinationDown' | 'rateLimited' | 'forbidden' | 'quotaExceeded' | 'clockSkewed'
    >
    since: string | null
  } | null
  /** Since when the destination takes no calls for now; its stores go on taking parts. Null while it takes them. */
  callsLimitedSince: string | null
  /** Whether some clip has its asset, and so parts that need no call. */
  sendsParts: boolean
  diskFull: boolean
}

/** The stored state of one upload, as a report carries it. */
export type UploadCondition = { state: UploadStateName; reason: ReasonCode | null; updatedAt: string | null }

export type NotMoving = { reason: ReasonCode; since: string | null; scope: 'device' | 'upload' }

const settled = new Set<UploadStateName>([
  'uploaded',
  'verified',
  'failed',
  'blocked',
  'cancelled',
  'cleared',
  'refused',
])
/** Nothing of them goes up before a call has made their asset. */
const beforeTheAsset = new Set<UploadStateName>(['queued', 'registering'])
const severityRank = { problem: 0, warning: 1, info: 2 } as const

/**
 * Why an upload is not moving: every reason that holds, the most serious first; at the same severity what holds for the whole device
 * comes before what holds for the clip, since mending it helps more. Empty for an upload that moves or has arrived.
 */
export function whyNotMoving(device: DeviceConditions, upload: UploadCondition): NotMoving[] {
  const own: NotMoving[] =
    upload.reason === null ? [] : [{ reason: upload.reason, since: upload.updatedAt, scope: 'upload' }]
  if (settled.has(upload.state)) return upload.state === 'uploaded' || upload.state === 'verified' ? [] : own
  const all = [...reasonsOfDevice(device, upload), ...own]
  const seen = new Set<ReasonCode>()
  const unique = all.filter(({ reason }) => !seen.has(reason) && seen.add(reason))
  return unique.sort((a, b) => severityRank[reasons[a.reason].severity] - severityRank[reasons[b.reason].severity])
}

/** Why nothing at all moves on the device, the first thing to mend first; empty when something may move. */
export function deviceReasons(device: DeviceConditions): NotMoving[] {
  const found: NotMoving[] = []
  const add = (reason: ReasonCode, since: string | null = null) => found.push({ reason, since, scope: 'device' })
  if (!device.paired) add('notPaired')
  if (device.diskFull) add('diskFull')
  if (device.authorizationLost) add('authorizationLost')
  if (device.paired && !device.authorizationLost && !device.hasProject) add('noProject')
  if (device.fencePending) add('awaitingFence')
  if (device.linkDown !== null) add(device.linkDown.reason, device.linkDown.since)
  if (device.callsLimitedSince !== null && !device.sendsParts && device.linkDown?.reason !== 'rateLimited')
    add('rateLimited', device.callsLimitedSince)
  if (device.heldSince !== null) add('heldByOperator', device.heldSince)
  return found
}

/** What of the device's condition keeps this upload: a limit of calls also keeps one without an asset while others send their parts. */
function reasonsOfDevice(device: DeviceConditions, { state }: UploadCondition): NotMoving[] {
  return deviceReasons(beforeTheAsset.has(state) ? { ...device, sendsParts: false } : device)
}

/**
 * The state and reason to show: the stored ones, except that an upload which would move but for the whole device's condition is shown
 * as waiting (or held) with that reason. One rule for command line, API and browser.
 */
export function shownState(
  device: DeviceConditions,
  upload: UploadCondition,
): { state: UploadStateName; reason: ReasonCode | null } {
  const wouldMove = upload.state === 'queued' || upload.state === 'registering' || upload.state === 'uploading'
  const [first] = wouldMove ? reasonsOfDevice(device, upload) : []
  if (first === undefined) return { state: upload.state, reason: upload.reason }
  return { state: first.reason === 'heldByOperator' ? 'held' : 'waiting', reason: first.reason }
}
