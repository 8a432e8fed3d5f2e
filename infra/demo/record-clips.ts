import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClipMaker } from './make-clip.ts'

export type DemoFolder = {
  readonly watchDir: string
  /** Beside the watch folder: a clip appears there whole. */
  readonly recordingDir: string
  /** The letter that cameras put first: A, B … */
  readonly reel: string
}

export type RecordOptions = {
  readonly maker: ClipMaker
  /** No more of its own clips than this lie in a folder; then it rests. It never deletes anything. */
  readonly maxClipCount: number
  readonly random: () => number
  readonly sleep: (durationMs: number) => Promise<void>
  readonly signal: AbortSignal
}

/** Plays a camera: records a clip of 4 to 10 s now and then (20 to 40 s apart, the first at once) until there are enough. */
export async function recordClips(folder: DemoFolder, options: RecordOptions): Promise<void> {
  const { maker, maxClipCount, random, sleep, signal } = options
  // Half a clip that an earlier run left is nobody's footage.
  await rm(folder.recordingDir, { recursive: true, force: true })
  for (const dir of [folder.watchDir, folder.recordingDir]) await mkdir(dir, { recursive: true })
  const look = folder.reel.charCodeAt(0) - 'A'.charCodeAt(0)
  for (;;) {
    const taken = await numbersTaken(folder)
    if (signal.aborted || taken.length >= maxClipCount) return
    const name = clipName(folder.reel, Math.max(0, ...taken) + 1, maker.extension)
    const partial = join(folder.recordingDir, name)
    await maker.make(partial, 4 + Math.floor(random() * 7), look, signal)
    await rename(partial, join(folder.watchDir, name))
    await sleep(20_000 + random() * 20_000)
  }
}

const clipName = (reel: string, number: number, extension: string) =>
  `${reel}001_C${String(number).padStart(3, '0')}_demo.${extension}`

async function numbersTaken(folder: DemoFolder): Promise<number[]> {
  const pattern = new RegExp(`^${folder.reel}001_C(\\d{3,})_demo\\.(mp4|wav)$`)
  const names = await readdir(folder.watchDir)
  return names.flatMap((name) => {
    const number = pattern.exec(name)?.[1]
    return number === undefined ? [] : [Number(number)]
  })
}
