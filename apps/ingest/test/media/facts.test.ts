import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { demuxerFor } from '../../src/media/demuxer-for.ts'
import { readFacts } from '../../src/media/facts.ts'
import { posterSize } from '../../src/media/poster-size.ts'
import { removalRetryMs } from '../../src/trash/remove-given-up.ts'

const picture = (over: Record<string, unknown> = {}) => ({
  codec_type: 'video',
  codec_name: 'h264',
  width: 1920,
  height: 1080,
  sample_aspect_ratio: '1:1',
  avg_frame_rate: '30000/1001',
  r_frame_rate: '30000/1001',
  disposition: { attached_pic: 0 },
  ...over,
})
const sound = { codec_type: 'audio', codec_name: 'pcm_s24le', channels: 2, sample_rate: '48000', duration: '7.5' }
const facts = (streams: unknown[], format: unknown = { duration: '4.000000' }, isStill = false) =>
  readFacts(JSON.stringify({ streams, format }), { isStill })

test('a clip tells its length, picture and sound', () => {
  expect(facts([picture(), sound])).toEqual({
    durationSeconds: 4,
    video: { codec: 'h264', width: 1920, height: 1080, framesPerSecond: 30_000 / 1_001 },
    audio: { codec: 'pcm_s24le', channels: 2, sampleRateHz: 48_000 },
  })
})

test('the size is that of the picture as it is shown: with square pixels, and turned', () => {
  expect(facts([picture({ width: 1440, sample_aspect_ratio: '4:3' })])?.video).toMatchObject({
    width: 1920,
    height: 1080,
  })
  expect(facts([picture({ side_data_list: [{ rotation: -90 }] })])?.video).toMatchObject({ width: 1080, height: 1920 })
  expect(facts([picture({ side_data_list: [{}, { rotation: 180 }] })])?.video).toMatchObject({ width: 1920 })
})

test('the cover of a song is no picture of its', () => {
  expect(facts([picture({ disposition: { attached_pic: 1 } }), sound])?.video).toBeNull()
})

test('a still lasts no time and has no rate', () => {
  expect(facts([picture({ codec_name: 'mjpeg' })], { duration: '0.04' }, true)).toMatchObject({
    durationSeconds: null,
    video: { framesPerSecond: null },
  })
})

test.each([
  ['no length', { duration: 'N/A' }, 7.5],
  ['a negative length', { duration: '-3' }, 7.5],
  ['a length of ages', { duration: '9e99' }, 7.5],
  ['no format', null, 7.5],
])('of a clip with %s the length of what is in it counts', (_what, format, expected) => {
  expect(facts([sound], format)?.durationSeconds).toBe(expected)
})

test.each([
  ['no size', { width: 0 }],
  ['a size beyond measure', { width: 2_000_000_000 }],
  ['a codec with a script for a name', { codec_name: '<script>' }],
])('a picture with %s is none', (_what, over) => {
  expect(facts([picture(over), sound])?.video).toBeNull()
  expect(facts([picture(over)])).toBeNull()
})

test.each(['0/0', '1/0', '-25/1', '99999/1', 'x', ''])('a rate of %s is none', (rate) => {
  expect(facts([picture({ avg_frame_rate: rate, r_frame_rate: rate })])?.video?.framesPerSecond).toBeNull()
})

test('whatever is printed gives facts that fit the database, or none', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.json().map((json) => `{"streams":[${json}],"format":${json}}`),
      ),
      (printed) => {
        const read = readFacts(printed, { isStill: false })
        if (read?.video) expect([read.video.width, read.video.height].every((side) => side > 0)).toBe(true)
      },
    ),
    { numRuns: 1_000 },
  )
})

test('a poster keeps the shape, is never larger than its picture, and has even sides of two at least', () => {
  expect(posterSize({ width: 1920, height: 1080 })).toEqual({ width: 640, height: 360 })
  expect(posterSize({ width: 1080, height: 1920 })).toEqual({ width: 360, height: 640 })
  expect(posterSize({ width: 101, height: 51 })).toEqual({ width: 102, height: 52 })
  expect(posterSize({ width: 131_072, height: 1 })).toEqual({ width: 640, height: 2 })
})

describe('the demuxer', () => {
  test.each([
    ['video/mp4', 'a.mp4', 'mov'],
    ['VIDEO/QuickTime; codecs=x', 'a', 'mov'],
    ['application/octet-stream', 'A001.MXF', 'mxf'],
    ['image/jpeg', 'a.jpg', 'jpeg_pipe'],
  ])('of %s, %s, is %s', (filetype, name, demuxer) => {
    expect(demuxerFor({ filetype, name })).toBe(demuxer)
  })

  test.each([
    ['application/vnd.apple.mpegurl', 'a.m3u8'],
    ['audio/x-mpegurl', 'a.m3u'],
    ['text/plain', 'list.ffconcat'],
    ['application/dash+xml', 'a.mpd'],
    ['image/svg+xml', 'a.svg'],
    ['application/octet-stream', 'A001.R3D'],
    ['', 'mp4'],
  ])('of %s, %s, is none', (filetype, name) => {
    expect(demuxerFor({ filetype, name })).toBeNull()
  })
})

test('removals that fail wait longer each time, a bounded time, and not all the same', () => {
  expect(removalRetryMs(1, 0)).toBe(15_000)
  expect(removalRetryMs(1, 1)).toBe(30_000)
  expect(removalRetryMs(3, 1)).toBe(120_000)
  expect(removalRetryMs(20, 1)).toBe(6 * 60 * 60_000)
})
