import { execFile } from 'node:child_process'
import { mkdtemp, open, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { deflateSync } from 'node:zlib'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { demuxerFor } from '../../src/media/demuxer-for.ts'
import { type Examination, examine, examineLimits } from '../../src/media/examine.ts'
import { findTools } from '../../src/media/find-tools.ts'
import { withSeekableFile } from '../../src/media/with-seekable-file.ts'
import type { StoredObject } from '../../src/store/port.ts'
import { someBytes } from '../support/clips.ts'

const run = promisify(execFile)
const cage = await findTools(pino({ level: 'silent' }))

describe.skipIf(cage === null)('looking into a clip (needs ffmpeg)', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'rushes-examine-'))
  })
  afterAll(() => rm(dir, { recursive: true }))

  const make = async (name: string, ...argv: string[]) => {
    await run('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-nostdin', '-y', ...argv, join(dir, name)])
    return name
  }
  const picture = (size: string, seconds: number) => [
    '-f',
    'lavfi',
    '-i',
    `testsrc2=size=${size}:rate=25:duration=${seconds}`,
  ]
  const tone = (seconds: number) => ['-f', 'lavfi', '-i', `sine=sample_rate=48000:duration=${seconds}`]
  const write = async (name: string, bytes: string | Buffer) => {
    await writeFile(join(dir, name), bytes)
    return name
  }
  const look = async (name: string, filetype = 'application/octet-stream'): Promise<Examination> => {
    const demuxer = demuxerFor({ name, filetype })
    if (demuxer === null || cage === null) throw new Error(`nothing looks into ${name}`)
    const file = await open(join(dir, name))
    try {
      return await examine({ fd: file.fd, demuxer, cage, limits: examineLimits, signal: new AbortController().signal })
    } finally {
      await file.close()
    }
  }
  /** Size of a JPEG, from its frame header. */
  const sizeOf = (jpeg: Buffer | null) => {
    if (jpeg === null) return null
    for (let at = 2; at < jpeg.length; at += 2 + jpeg.readUInt16BE(at + 2))
      if (jpeg.readUInt16BE(at) === 0xffc0) return [jpeg.readUInt16BE(at + 7), jpeg.readUInt16BE(at + 5)]
    return null
  }
  const read = async (name: string, filetype?: string) => {
    const seen = await look(name, filetype)
    if (seen.kind !== 'read') throw new Error(JSON.stringify(seen))
    return { ...seen.facts, poster: sizeOf(seen.poster), posterError: seen.posterError }
  }

  test.each([
    ['a.mov', ['-c:v', 'mjpeg', '-c:a', 'pcm_s16le'], 'mjpeg', 'pcm_s16le'],
    ['a.mp4', ['-c:v', 'mpeg4', '-c:a', 'aac', '-movflags', '+faststart'], 'mpeg4', 'aac'],
    ['a.mkv', ['-c:v', 'mjpeg', '-c:a', 'flac'], 'mjpeg', 'flac'],
    ['a.mxf', ['-c:v', 'mpeg2video', '-c:a', 'pcm_s16le'], 'mpeg2video', 'pcm_s16le'],
  ])('%s tells length, codecs, size, rate and sound, and has a poster', async (name, codecs, video, audio) => {
    await make(name, ...picture('1280x720', 3), ...tone(3), ...codecs)
    const seen = await read(name)
    expect(seen).toMatchObject({
      video: { codec: video, width: 1280, height: 720, framesPerSecond: 25 },
      audio: { codec: audio, sampleRateHz: 48_000 },
      poster: [640, 360],
      posterError: null,
    })
    expect(seen.durationSeconds).toBeCloseTo(3, 0)
  })

  test('sound alone has facts and no poster, a still a poster and no length', async () => {
    await make('a.wav', ...tone(2))
    expect(await read('a.wav')).toMatchObject({ durationSeconds: 2, video: null, poster: null, posterError: null })
    await make('a.jpg', ...picture('320x200', 1), '-frames:v', '1')
    expect(await read('a.jpg')).toMatchObject({
      durationSeconds: null,
      video: { width: 320 },
      audio: null,
      poster: [320, 200],
    })
  })

  test('a clip of one frame, and one shorter than the second where posters are taken, have one', async () => {
    await make('one.mov', ...picture('64x64', 1), '-frames:v', '1', '-c:v', 'mjpeg')
    expect(await read('one.mov')).toMatchObject({ poster: [64, 64] })
  })

  /** Looks into bytes as into an object that lies elsewhere. */
  const lookFar = async (bytes: Buffer, bounds: { headBytes: number; tailBytes: number; tablesBytes: number }) => {
    let fetchedBytes = 0
    const far: StoredObject = {
      sizeBytes: bytes.length,
      async *read(start, end) {
        for (let at = start; at < end; at += 100_000) {
          const chunk = bytes.subarray(at, Math.min(end, at + 100_000))
          fetchedBytes += chunk.length
          yield chunk
        }
      },
      close: async () => undefined,
    }
    const { signal } = new AbortController()
    const left = async () => (await readdir(tmpdir())).filter((name) => name.startsWith('rushes-media-'))
    const before = await left()
    const seen = await withSeekableFile(
      far,
      signal,
      (fd) => examine({ fd, demuxer: 'mov', cage: cage ?? { prefix: [] }, limits: examineLimits, signal }),
      bounds,
    )
    expect(await left()).toEqual(before)
    return { seen, fetchedBytes }
  }
  const isRead = { kind: 'read', posterError: null, facts: { video: { width: 640 } } }

  test('a clip that lies elsewhere is looked into by its beginning and its end alone', async () => {
    await make('far.mov', ...picture('640x360', 8), ...tone(8), '-c:v', 'mjpeg', '-q:v', '2', '-c:a', 'pcm_s16le')
    const bytes = await readFile(join(dir, 'far.mov'))
    const bounds = { headBytes: Math.floor(bytes.length / 3), tailBytes: 64 * 1024, tablesBytes: 0 }
    const { seen, fetchedBytes } = await lookFar(bytes, bounds)
    expect(seen).toMatchObject(isRead)
    // Besides, the header of the box that begins with the hole or in it, if there is one.
    expect(fetchedBytes - bounds.headBytes - bounds.tailBytes).toBeLessThanOrEqual(16)
  })

  test('and by its tables, where they lie in the middle; not when those are too large', async () => {
    await make('middle.mov', ...picture('640x360', 8), ...tone(8), '-c:v', 'mjpeg', '-q:v', '2', '-c:a', 'pcm_s16le')
    const clip = await readFile(join(dir, 'middle.mov'))
    const free = Buffer.alloc(500_000)
    free.writeUInt32BE(free.length)
    free.write('free', 4, 'latin1')
    const bytes = Buffer.concat([clip, free])
    const bounds = { headBytes: Math.floor(clip.length / 3), tailBytes: 64 * 1024, tablesBytes: 100_000 }
    const { seen, fetchedBytes } = await lookFar(bytes, bounds)
    expect(seen).toMatchObject(isRead)
    expect(fetchedBytes).toBeLessThan(bounds.headBytes + bounds.tailBytes + bounds.tablesBytes)
    expect((await lookFar(bytes, { ...bounds, tablesBytes: 100 })).seen).toMatchObject({ kind: 'unreadable' })
  })

  describe('what is hostile or broken', () => {
    test('as a playlist, or a script of other files, opens nothing but itself', async () => {
      let askedCount = 0
      const server = createServer((_request, response) => {
        askedCount += 1
        response.end()
      }).listen(0, '127.0.0.1')
      await new Promise((resolve) => server.once('listening', resolve))
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
      await make('secret.mp4', ...picture('64x64', 1), '-c:v', 'mpeg4')
      const secret = join(dir, 'secret.mp4')
      const hls = `#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n${url}/a.ts\n#EXTINF:10,\nfile://${secret}\n#EXT-X-ENDLIST\n`
      const scripts = {
        'hls.mp4': hls,
        'hls.ts': hls,
        'concat.mov': `ffconcat version 1.0\nfile '${secret}'\nfile '${url}/b.mp4'\n`,
        'concat.mkv': `ffconcat version 1.0\nfile '${secret}'\n`,
        'dash.mp4': `<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><BaseURL>${url}/</BaseURL></MPD>`,
        'subfile.mp4': `subfile,,start,0,end,0,,:${secret}`,
        'image.jpg': `https://${url}\n`,
      }
      for (const [name, text] of Object.entries(scripts))
        expect(await look(await write(name, text))).toMatchObject({ kind: 'unreadable' })
      expect(askedCount).toBe(0)
      server.close()
    })

    test('as a picture of giant sides is never drawn', async () => {
      const png = await look(await write('bomb.png', pngHeader(60_000, 60_000)))
      expect(png).not.toMatchObject({ poster: expect.any(Buffer) })
      const jpeg = await readFile(join(dir, await make('small.jpg', ...picture('64x64', 1), '-frames:v', '1')))
      const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]))
      jpeg.writeUInt16BE(65_500, frame + 5)
      jpeg.writeUInt16BE(65_500, frame + 7)
      expect(await look(await write('bomb.jpg', jpeg))).not.toMatchObject({ poster: expect.any(Buffer) })
    })

    test.each([
      ['noise', async () => someBytes(200_000)],
      ['empty', async () => Buffer.alloc(0)],
      ['one byte', async () => Buffer.from('x')],
      ['boxes within boxes without end', async () => nested(20_000)],
      ['a box that is longer than the file', async () => Buffer.from('00000001667479707fffffffffffffff', 'hex')],
    ])('as %s under a video’s name is unreadable', async (name, bytes) => {
      expect(await look(await write(`${name}.mp4`, await bytes()))).toMatchObject({ kind: 'unreadable' })
    })

    test('as a clip that was cut, or has noise within, ends without harm', async () => {
      await make('whole.mov', ...picture('320x180', 4), ...tone(4), '-c:v', 'mpeg4', '-c:a', 'pcm_s16le')
      const whole = await readFile(join(dir, 'whole.mov'))
      expect(await look(await write('cut.mov', whole.subarray(0, whole.length / 2)))).toMatchObject({
        kind: 'unreadable',
      })
      for (let seed = 1; seed <= 12; seed++) {
        const spoilt = Buffer.from(whole)
        const at = (seed * 7_919_993) % (spoilt.length - 600)
        someBytes(500, seed).copy(spoilt, seed % 2 === 0 ? at : spoilt.length - 600 - seed * 40)
        expect(['read', 'unreadable']).toContain((await look(await write('spoilt.mov', spoilt))).kind)
      }
    })
  })
})

/** A picture that says it is huge, with almost nothing in it. */
function pngHeader(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const head = Buffer.alloc(8)
    head.writeUInt32BE(data.length, 0)
    head.write(type, 4, 'latin1')
    return Buffer.concat([head, data, Buffer.alloc(4)])
  }
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header.set([8, 2, 0, 0, 0], 8)
  const data = deflateSync(Buffer.alloc(1_000_000))
  return Buffer.concat([
    Buffer.from('89504e470d0a1a0a', 'hex'),
    chunk('IHDR', header),
    chunk('IDAT', data),
    chunk('IEND', Buffer.alloc(0)),
  ])
}

function nested(depth: number): Buffer {
  const boxes = Buffer.alloc(depth * 8)
  for (let n = 0; n < depth; n++) {
    boxes.writeUInt32BE((depth - n) * 8, n * 8)
    boxes.write('moov', n * 8 + 4, 'latin1')
  }
  return boxes
}
