import { pauseSharing, resumeSharing } from '@rushes/fleet'
import { c2cErrors } from '@rushes/protocol'
import { expect } from 'vitest'
import { created, requestParts } from '../../support/clips.ts'
import type { Device } from '../../support/pair.ts'
import { exchange, type Row, row, type Sent } from '../row.ts'
import type { World } from '../world.ts'
import { guideClip } from './create.ts'

const paused = { status: 409, body: c2cErrors.channelPaused }
const taken = { status: 200 }
const createOf = (as: Device, change: Record<string, unknown>): Sent => ({
  to: 'POST /v2/devices/assets',
  as,
  json: { ...guideClip, ...change },
})

/** A device with a window that began so many seconds ago, and perhaps ended. */
const window =
  (begunAgo: number, endedAgo: number | null, channel: number | null = null) =>
  async (at: World) => {
    const device = await at.newDevice()
    await pauseSharing(at.acting(begunAgo), { deviceId: device.id, channel })
    if (endedAgo !== null) await resumeSharing(at.acting(endedAgo), { deviceId: device.id, channel })
    return device
  }

const line = (
  title: string,
  given: (at: World) => Promise<Device>,
  change: Record<string, unknown>,
  expected: object,
) =>
  row({
    title,
    topics: ['pauses', 'ageOfClips', 'errorShapes'],
    given,
    send: (_at, device) => createOf(device, change),
    expect: { status: 0, ...expected },
  })

const open = window(30, null)
const past = window(100, 50)

export const pauseRows: Row[] = [
  line('captured now, while paused', open, { offset: 0 }, paused),
  line('captured now, without an age', open, { offset: undefined }, paused),
  line('captured in the future, by a clock that is fast', open, { offset: -3_600 }, paused),
  line('captured before the pause that lasts', open, { offset: 60 }, taken),
  line('captured in the pause, in fractions of a second', open, { offset: 10.5 }, paused),
  line('a clip that still grows, while paused', open, { filesize: undefined, is_realtime_upload: true }, paused),
  line('captured in a pause that is over', past, { offset: 75 }, paused),
  line('captured as a pause began: rounding lets nothing escape', past, { offset: 100 }, paused),
  line('captured as a pause ended', past, { offset: 50 }, paused),
  line('begun two seconds after the pause', past, { offset: 48 }, taken),
  line('captured before a pause that is over', past, { offset: 110 }, taken),
  line('captured now, after a pause', past, { offset: 0 }, taken),
  line('on the channel that is paused', window(30, null, 2), { channel: 2 }, paused),
  line('on another channel', window(30, null, 2), { channel: 0 }, taken),
  line('on any channel, when all are paused', open, { channel: 7 }, paused),
  row({
    title: 'the request of the guide again, once sharing is resumed',
    topics: ['pauses'],
    given: async (at) => {
      const device = await window(0, null)(at)
      expect((await exchange(at, createOf(device, {}))).body).toEqual(c2cErrors.channelPaused)
      await resumeSharing(at.acting(), { deviceId: device.id })
      return device
    },
    send: (_at, device) => createOf(device, {}),
    expect: taken,
  }),
  row({
    title: 'the identity of a device that is paused',
    topics: ['pauses', 'identity'],
    given: open,
    send: (_at, device) => ({ to: 'GET /v2/devices/me', as: device }),
    expect: { status: 200, has: { status: 'paused' } },
  }),
  row({
    // The documented status of a channel is online or offline, and that of the device is of all its channels.
    title: 'the identity of a device of which one channel is paused',
    topics: ['pauses', 'identity'],
    given: window(30, null, 2),
    send: (_at, device) => ({ to: 'GET /v2/devices/me', as: device }),
    expect: { status: 200, has: { status: 'online', channels: [{ external_index: 0, status: 'online' }] } },
  }),
  row({
    title: 'parts of a clip that began to grow before the pause',
    topics: ['pauses', 'realtimeParts'],
    given: async (at) => {
      const device = await at.newDevice()
      const { id } = created.parse(
        (await exchange(at, createOf(device, { filesize: undefined, is_realtime_upload: true }))).body,
      )
      await pauseSharing(at.acting(), { deviceId: device.id })
      await requestParts(device, id, [{ number: 1, size: 5_242_880, is_final: false }])
      return { device, id }
    },
    send: (_at, { device, id }) => ({
      to: `POST /v2/devices/assets/${id}/realtime_upload/parts`,
      as: device,
      json: { asset_filesize: 5_242_885, parts: [{ number: 2, size: 5, is_final: true }] },
    }),
    expect: taken,
  }),
]
