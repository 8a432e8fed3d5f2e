import { type ReasonCode, reasons, uploadStates } from '@rushes/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type DeviceConditions, deviceReasons, shownState, whyNotMoving } from '../src/index.ts'

const fine: DeviceConditions = {
  paired: true,
  authorizationLost: false,
  hasProject: true,
  fencePending: false,
  heldSince: null,
  linkDown: null,
  callsLimitedSince: null,
  sendsParts: false,
  diskFull: false,
}
const queued = { state: 'queued', reason: null, updatedAt: null } as const

test('nothing keeps a queued clip on a device that is well', () => {
  expect(whyNotMoving(fine, queued)).toEqual([])
  expect(shownState(fine, queued)).toEqual({ state: 'queued', reason: null })
})

test('what a person must mend comes before what heals by itself, and the device before the clip', () => {
  const device: DeviceConditions = {
    ...fine,
    linkDown: { reason: 'offline', since: '2026-01-01T00:00:00Z' },
    authorizationLost: true,
    heldSince: '2026-01-02T00:00:00Z',
  }
  const found = whyNotMoving(device, { state: 'waiting', reason: 'backoff', updatedAt: null })
  expect(found.map(({ reason }) => reason)).toEqual(['authorizationLost', 'offline', 'backoff', 'heldByOperator'])
})

test('a clip that would move but for the device is shown as waiting or held, with the reason', () => {
  expect(shownState({ ...fine, linkDown: { reason: 'offline', since: null } }, queued)).toEqual({
    state: 'waiting',
    reason: 'offline',
  })
  expect(shownState({ ...fine, heldSince: 'x' }, { ...queued, state: 'uploading' })).toEqual({
    state: 'held',
    reason: 'heldByOperator',
  })
  expect(shownState({ ...fine, paired: false }, queued)).toEqual({ state: 'waiting', reason: 'notPaired' })
})

test('a limit of calls keeps what has no asset yet, and the device only where no part can go', () => {
  const limited = { ...fine, callsLimitedSince: '2026-01-01T00:00:00Z', sendsParts: true }
  const waits = { state: 'waiting', reason: 'rateLimited' }
  const asDevice = { reason: 'rateLimited', since: '2026-01-01T00:00:00Z', scope: 'device' }
  for (const state of ['queued', 'registering'] as const) {
    expect(shownState(limited, { ...queued, state })).toEqual(waits)
    expect(whyNotMoving(limited, { ...queued, state })).toEqual([asDevice])
  }
  expect(shownState(limited, { ...queued, state: 'uploading' })).toEqual({ state: 'uploading', reason: null })
  expect(deviceReasons(limited)).toEqual([])
  expect(deviceReasons({ ...limited, sendsParts: false })).toEqual([asDevice])
  const down = { reason: 'offline', since: null } as const
  expect(shownState({ ...limited, linkDown: down }, queued).reason).toBe('offline')
  expect(shownState({ ...limited, heldSince: 'x' }, { ...queued, state: 'uploading' }).state).toBe('held')
})

test('a clip that has arrived has no reason, whatever the device is in', () => {
  fc.assert(
    fc.property(
      fc.record({
        paired: fc.boolean(),
        authorizationLost: fc.boolean(),
        hasProject: fc.boolean(),
        fencePending: fc.boolean(),
        heldSince: fc.option(fc.constant('x')),
        linkDown: fc.constant(null),
        callsLimitedSince: fc.option(fc.constant('x')),
        sendsParts: fc.boolean(),
        diskFull: fc.boolean(),
      }),
      (device) => {
        expect(whyNotMoving(device, { state: 'verified', reason: null, updatedAt: null })).toEqual([])
        expect(shownState(device, { state: 'verified', reason: null, updatedAt: null }).state).toBe('verified')
      },
    ),
  )
})

test('every state that is shown as waiting or held has a reason with words, and no reason is told twice', () => {
  const codes = Object.keys(reasons) as ReasonCode[]
  fc.assert(
    fc.property(
      fc.constantFrom(...uploadStates),
      fc.constantFrom(...codes),
      fc.boolean(),
      fc.boolean(),
      (state, reason, paired, held) => {
        const device = { ...fine, paired, heldSince: held ? 'x' : null }
        const upload = {
          state,
          reason: state === 'queued' || state === 'registering' || state === 'uploading' ? null : reason,
          updatedAt: null,
        }
        const shown = shownState(device, upload)
        if (shown.state === 'waiting' || shown.state === 'held') expect(shown.reason).not.toBeNull()
        const told = whyNotMoving(device, upload).map((found) => found.reason)
        expect(new Set(told).size).toBe(told.length)
      },
    ),
  )
})
