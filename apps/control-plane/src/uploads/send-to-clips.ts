import type { ClipRow } from '@rushes/fleet'
import { newId } from '../api-client/new-id.ts'
import { type ClipAction, clipActionOf } from './clip-action.ts'

/** What an action needs of a clip; a row of any list has it. */
export type ActionableClip = Pick<
  ClipRow,
  | 'deviceId'
  | 'deviceName'
  | 'uploadId'
  | 'state'
  | 'reason'
  | 'vanishedAt'
  | 'sizeBytes'
  | 'bytesAcknowledged'
  | 'bytesLost'
>

/** How many clips one command may name. */
const maxClipsPerCommand = 500

/** One command: a device and the clips of it that are named. The id is fixed here, so that sending it twice does it once. */
export type ClipOrder = { commandId: string; deviceId: string; uploadIds: string[] }

export type ClipPlan = {
  orders: ClipOrder[]
  devices: { deviceId: string; name: string; clipCount: number; byteCount: number }[]
  clipCount: number
  byteCount: number
  /** Clips that were chosen and that this action does nothing for. */
  leftOutCount: number
}

/** What an action over these clips is made of: which devices are told about which of their clips. */
export function planFor(action: ClipAction, clips: readonly ActionableClip[]): ClipPlan {
  const perDevice = new Map<string, ActionableClip[]>()
  let leftOutCount = 0
  for (const clip of clips) {
    if (clipActionOf(clip) !== action) leftOutCount += 1
    else perDevice.set(clip.deviceId, [...(perDevice.get(clip.deviceId) ?? []), clip])
  }
  const devices = [...perDevice].map(([deviceId, ofDevice]) => ({
    deviceId,
    name: ofDevice[0]?.deviceName ?? '',
    clipCount: ofDevice.length,
    byteCount: ofDevice.reduce((sum, clip) => sum + bytesToGo(clip), 0),
  }))
  const orders = [...perDevice].flatMap(([deviceId, ofDevice]) =>
    chunks(ofDevice.flatMap((clip) => clip.uploadId ?? [])).map((uploadIds) => ({
      commandId: newId(),
      deviceId,
      uploadIds,
    })),
  )
  return {
    orders,
    devices: devices.sort((a, b) => a.name.localeCompare(b.name)),
    clipCount: devices.reduce((sum, device) => sum + device.clipCount, 0),
    byteCount: devices.reduce((sum, device) => sum + device.byteCount, 0),
    leftOutCount,
  }
}

function chunks(ids: readonly string[]): string[][] {
  return Array.from({ length: Math.ceil(ids.length / maxClipsPerCommand) }, (_, index) =>
    ids.slice(index * maxClipsPerCommand, (index + 1) * maxClipsPerCommand),
  )
}

const bytesToGo = ({ sizeBytes, bytesAcknowledged, bytesLost }: ActionableClip): number =>
  Math.max(0, (sizeBytes ?? 0) - bytesAcknowledged + bytesLost)
