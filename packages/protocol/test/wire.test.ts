import { describe, expect, it } from 'vitest'
import {
  agentFrame,
  c2cErrors,
  commandBody,
  commandKinds,
  commandLanes,
  createAssetRequest,
  custodyRequest,
  detailedError,
  gatewayFrame,
  realtimePartsRequest,
} from '../src/index.ts'

describe('the C2C bodies', () => {
  it('prints Channel Paused exactly as the guide does', () => {
    expect(JSON.parse(JSON.stringify(c2cErrors.channelPaused))).toEqual({
      code: 409,
      errors: [
        {
          code: 409,
          detail: "The channel you're uploading from is currently paused.",
          status: 409,
          title: 'Channel Paused',
        },
      ],
      message: 'Channel Paused',
    })
  })

  it.each(Object.entries(c2cErrors))('%s has the detailed shape', (_, body) => {
    expect(detailedError.safeParse(body).success).toBe(true)
  })

  it("takes the guide's create bodies, a negative offset among them", () => {
    expect(
      createAssetRequest.safeParse({
        name: 'C2C_TEST_CLIP.mp4',
        filetype: 'video/mp4',
        filesize: 21_136_250,
        offset: -10,
        channel: 2,
      }).success,
    ).toBe(true)
    expect(
      createAssetRequest.safeParse({ extension: '.mp4', filetype: 'video/mp4', is_realtime_upload: true }).success,
    ).toBe(true)
  })

  it.each([0, 10_001, 1.5, Number.NaN])('refuses part number %s', (number) => {
    expect(realtimePartsRequest.safeParse({ parts: [{ number, size: 1, is_final: false }] }).success).toBe(false)
  })

  it('takes part numbers 1 and 10,000', () => {
    for (const number of [1, 10_000])
      expect(realtimePartsRequest.safeParse({ parts: [{ number, size: 1, is_final: false }] }).success).toBe(true)
  })

  it('refuses a custody digest that is not 16 lower-case hexadecimal digits', () => {
    const parts = (xxh64: string) => ({ parts: [{ number: 1, offset: 0, size: 1, xxh64 }] })
    expect(custodyRequest.safeParse(parts('ef46db3751d8e999')).success).toBe(true)
    for (const bad of ['EF46DB3751D8E999', 'ef46', 'ef46db3751d8e99z', ''])
      expect(custodyRequest.safeParse(parts(bad)).success).toBe(false)
  })
})

describe('the frames of the control link', () => {
  it('refuses a frame of an unknown type', () => {
    expect(agentFrame.safeParse({ type: 'format-card' }).success).toBe(false)
  })

  it('lets a command of an unknown kind through, so that an older agent can reject it by name', () => {
    const frame = {
      type: 'command',
      executionId: crypto.randomUUID(),
      commandId: crypto.randomUUID(),
      issuedAt: new Date(0).toISOString(),
      expiresAt: null,
      body: { kind: 'fromTheFuture', x: 1 },
    }
    expect(gatewayFrame.safeParse(frame).success).toBe(true)
    expect(commandBody.safeParse(frame.body).success).toBe(false)
  })

  it('knows a lane for every kind of command', () => {
    expect(Object.keys(commandLanes).sort()).toEqual([...commandKinds].sort())
  })
})
