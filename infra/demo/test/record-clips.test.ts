import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { ClipMaker } from '../make-clip.ts'
import { recordClips } from '../record-clips.ts'
import { generateWav } from '../wav.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rushes-recorder-'))
})
afterEach(() => rm(dir, { recursive: true }))

const folder = () => ({ watchDir: join(dir, 'watch'), recordingDir: join(dir, 'recording'), reel: 'B' })

function options(make: ClipMaker['make'] = (file) => writeFile(file, 'clip')) {
  const slept: number[] = []
  return {
    slept,
    maker: { extension: 'wav', make } as const,
    maxClipCount: 3,
    random: () => 0.5,
    sleep: async (durationMs: number) => {
      slept.push(durationMs)
    },
    signal: new AbortController().signal,
  }
}

test('records until there are enough clips, at once and then 20 to 40 s apart', async () => {
  const given = options()
  await recordClips(folder(), given)
  expect((await readdir(folder().watchDir)).sort()).toEqual([
    'B001_C001_demo.wav',
    'B001_C002_demo.wav',
    'B001_C003_demo.wav',
  ])
  expect(given.slept).toEqual([30_000, 30_000, 30_000])
})

test('goes on after the highest number that is there, and leaves what others put into the folder alone', async () => {
  await recordClips(folder(), { ...options(), maxClipCount: 1 })
  await writeFile(join(folder().watchDir, 'my holiday.mp4'), 'mine')
  await rm(join(folder().watchDir, 'B001_C001_demo.wav'))
  await writeFile(join(folder().watchDir, 'B001_C007_demo.wav'), 'seven')
  await recordClips(folder(), { ...options(), maxClipCount: 2 })
  expect((await readdir(folder().watchDir)).sort()).toEqual([
    'B001_C007_demo.wav',
    'B001_C008_demo.wav',
    'my holiday.mp4',
  ])
  expect(await readFile(join(folder().watchDir, 'my holiday.mp4'), 'utf8')).toBe('mine')
})

test('a clip never shows in the watch folder before it is whole', async () => {
  const seen: string[][] = []
  const given = options(async (file) => {
    await writeFile(file, 'half')
    seen.push(await readdir(folder().watchDir))
    await writeFile(file, 'whole')
  })
  await recordClips(folder(), { ...given, maxClipCount: 1 })
  expect(seen).toEqual([[]])
  expect(await readFile(join(folder().watchDir, 'B001_C001_demo.wav'), 'utf8')).toBe('whole')
})

test('half a clip of a run that was killed is removed', async () => {
  const failing = options(async (file) => {
    await writeFile(file, 'half')
    throw new Error('killed')
  })
  await expect(recordClips(folder(), failing)).rejects.toThrow('killed')
  await recordClips(folder(), { ...options(), maxClipCount: 1 })
  expect(await readdir(folder().recordingDir)).toEqual([])
})

test('a WAV file says its own length and is not silent', () => {
  const file = generateWav(1.5, 440)
  expect(file.toString('latin1', 0, 4)).toBe('RIFF')
  expect(file.readUInt32LE(4)).toBe(file.length - 8)
  expect(file.readUInt32LE(40)).toBe(1.5 * 48_000 * 4)
  expect(Math.max(...file.subarray(44, 4_000))).toBeGreaterThan(100)
})
