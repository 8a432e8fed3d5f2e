import { type DeviceStatus, deviceStatus } from '@rushes/protocol'
import { type DeviceConditions, deviceReasons } from '@rushes/upload-core'
import type { Volume } from '../capture/capture-port.ts'
import { readHold } from '../queue/decisions.ts'
import { readUploadLink } from '../queue/links.ts'
import type { Queue } from '../queue/open-queue.ts'
import { stateTotals } from '../queue/queue-reports.ts'
import type { LinkCondition } from '../upload/gate.ts'
import { sumTotals } from './sum-totals.ts'

/** What only a running agent knows; a queue that is looked at while none runs has none of it. */
export type LiveFacts = { link: LinkCondition; rateBytesPerSecond: number; volumes: readonly Volume[] }

const isoOrNull = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString())

/** The conditions of the whole device, for `whyNotMoving` and `shownState`. */
export function deviceConditions(queue: Queue, live: LiveFacts | null): DeviceConditions {
  const link = readUploadLink(queue)
  const hold = readHold(queue)
  const down = live?.link.down ?? null
  return {
    paired: link !== null,
    authorizationLost: link?.authorization === 'lost',
    hasProject: link?.project !== null || link.fence === 'identityPending',
    fencePending: link !== null && link.authorization === 'good' && link.fence === 'receiptPending',
    heldSince: isoOrNull(hold?.since ?? null),
    linkDown: down === null ? null : { reason: down.reason, since: isoOrNull(down.since) },
    callsLimitedSince: isoOrNull(live?.link.callsLimitedSince ?? null),
    sendsParts: stateTotals(queue).some(({ state }) => state === 'uploading'),
    diskFull: queue.diskFull,
  }
}

/** The device's own summary. */
export function readDeviceStatus(queue: Queue, live: LiveFacts | null): DeviceStatus {
  const link = readUploadLink(queue)
  const hold = readHold(queue)
  const { counts, bytes } = sumTotals(stateTotals(queue))
  const [blockedBy] = deviceReasons(deviceConditions(queue, live))
  return deviceStatus.parse({
    project: link?.project ?? null,
    projectEpoch: link?.projectEpoch ?? 0,
    destination: link?.serverUrl ?? '',
    destinationIsOurs: link?.isOurs ?? false,
    hold: hold === null ? null : { since: new Date(hold.since).toISOString(), by: hold.by },
    blockedBy: blockedBy?.reason ?? null,
    uploadLink: {
      state: live?.link.state ?? 'unknown',
      lastSuccessAt: isoOrNull(live?.link.lastSuccessAt ?? null),
      lastError: live?.link.lastError?.slice(0, 500) ?? null,
    },
    counts,
    bytes,
    rateBytesPerSecond: live?.rateBytesPerSecond ?? 0,
    volumes: (live?.volumes ?? []).slice(0, 32),
  } satisfies DeviceStatus)
}
