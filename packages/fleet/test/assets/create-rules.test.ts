import { maxFileSizeBytes, minPartSizeBytes } from '@rushes/protocol'
import { planFixedParts } from '@rushes/upload-core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { captureRange } from '../../src/assets/captured-at.ts'
import { checkCreate } from '../../src/assets/check-create.ts'
import { chunkCountFor, defaultChunkCount } from '../../src/assets/chunk-count.ts'
import { requestDigest } from '../../src/assets/idempotency.ts'

describe('the number of chunks', () => {
  test.each([
    [1, 1],
    [12_499_999, 1],
    [12_500_000, 2],
    [21_136_250, 2], // as the basic guide shows
    [100_000_000, 5],
    [1_000_000_000, 41],
    [maxFileSizeBytes, 10_000],
  ])('is by default, for %i bytes, %i', (bytes, count) => {
    expect(defaultChunkCount(bytes)).toBe(count)
  })

  test('of the default always makes a plan that multipart uploads can do', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: maxFileSizeBytes }), (bytes) => {
        const count = defaultChunkCount(bytes)
        expect(chunkCountFor(bytes, undefined)).toBe(count)
        expect(planFixedParts(bytes, count).kind).toBe('planned')
      }),
    )
  })

  test.each([
    [21_136_250, 4, 4],
    [21_136_250, 5, null], // 4,227,250 bytes each
    [21_136_250, 1, 1],
    [21_136_250, 0, null],
    [21_136_250, -1, null],
    [9, 4, null], // the last would be empty
    [9, 1, 1],
    [minPartSizeBytes * 10_001, 10_001, null],
    [6_000_000_000, 1, null], // a part has 5 GiB at most
  ])('of %i bytes in %i parts is %j', (bytes, asked, count) => {
    expect(chunkCountFor(bytes, asked)).toBe(count)
  })
})

describe('the fields of a create', () => {
  const fixed = { name: 'C2C_TEST_CLIP.mp4', filetype: 'video/mp4', filesize: 21_136_250 }
  const realtime = { name: 'C2C_TEST_CLIP.mp4', filetype: 'video/mp4', is_realtime_upload: true }
  const nameOf = (outcome: ReturnType<typeof checkCreate>) => (outcome.kind === 'valid' ? outcome.create.name : outcome)

  test.each([
    ['no name', { ...fixed, name: undefined }],
    ['no filesize', { ...fixed, filesize: undefined }],
    ['a filesize of null', { ...fixed, filesize: null }],
    ['zero bytes', { ...fixed, filesize: 0 }],
    ['negative bytes', { ...fixed, filesize: -1 }],
    ['half a byte', { ...fixed, filesize: 0.5 }],
    ['more than 5 TiB', { ...fixed, filesize: maxFileSizeBytes + 1 }],
    ['an offset beyond all calendars', { ...fixed, offset: 1e300 }],
    ['a channel beyond all devices', { ...fixed, channel: 2 ** 40 }],
    ['a filetype that would break a header', { ...fixed, filetype: 'video/mp4\r\nx: y' }],
    ['a real-time upload without filetype', { ...realtime, filetype: undefined }],
    ['a real-time upload with a size', { ...realtime, filesize: 5 }],
    ['a real-time upload with neither name nor extension', { ...realtime, name: undefined }],
    ['a real-time name without extension', { ...realtime, name: 'clip' }],
    ['a real-time name that is all extension', { ...realtime, name: '.mp4' }],
    ['a name that does not match its extension', { ...realtime, extension: '.mov' }],
  ])('%s is malformed', (_what, request) => {
    const { ...given } = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined))
    expect(checkCreate(given, 'json')).toMatchObject({ kind: 'malformed', detail: expect.stringMatching(/\w/) })
  })

  test('impossible parts are told apart from malformed ones', () => {
    expect(checkCreate({ ...fixed, parts: 5 }, 'json')).toEqual({ kind: 'impossibleParts' })
  })

  test('an extension alone makes the name that the guide shows', () => {
    const { name: _name, ...nameless } = realtime
    expect(nameOf(checkCreate({ ...nameless, extension: '.mp4' }, 'json'))).toBe('[new file].mp4')
    expect(nameOf(checkCreate({ ...realtime, extension: '.MP4' }, 'json'))).toBe('C2C_TEST_CLIP.mp4')
  })

  test('real-time creates are JSON only, fixed ones may be forms; extension means nothing to them', () => {
    expect(checkCreate(realtime, 'form').kind).toBe('malformed')
    expect(checkCreate({ ...fixed, extension: '.mov' }, 'form').kind).toBe('valid')
  })
})

test('the age of a clip does not make it another request, anything else does', () => {
  const request = { name: 'a.mp4', filesize: 5, offset: 3 }
  expect(requestDigest({ ...request, offset: 60 })).toBe(requestDigest(request))
  expect(requestDigest({ filesize: 5, name: 'a.mp4' })).toBe(requestDigest(request))
  expect(requestDigest({ ...request, filesize: 6 })).not.toBe(requestDigest(request))
})

test('an age that was rounded is blocked on either side of a pause, one of zero or less is taken as now', () => {
  const now = new Date('2026-11-22T12:01:00Z')
  expect(captureRange(60, now)).toEqual({
    from: new Date('2026-11-22T11:59:59Z'),
    to: new Date('2026-11-22T12:00:00.500Z'),
  })
  expect(captureRange(60.25, now)).toEqual({
    from: new Date('2026-11-22T11:59:59.250Z'),
    to: new Date('2026-11-22T11:59:59.750Z'),
  })
  for (const offset of [0, -10]) expect(captureRange(offset, now)).toEqual({ from: now, to: now })
})
