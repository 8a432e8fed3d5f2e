import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { setPriority } from 'node:os'
import { promisify } from 'node:util'
import { errnoOf } from '../failure.ts'
import { generateWav } from './wav.ts'

const run = promisify(execFile)

export type ClipMaker = {
  readonly extension: 'mp4' | 'wav'
  /** Writes one playable clip. `look` tells the clips of one device from those of another. */
  make(file: string, durationSeconds: number, look: number, signal: AbortSignal): Promise<void>
}

const wavMaker: ClipMaker = {
  extension: 'wav',
  make: (file, durationSeconds, look, signal) =>
    writeFile(file, generateWav(durationSeconds, 220 * (look + 1)), { signal }),
}

const ffmpegMaker: ClipMaker = {
  extension: 'mp4',
  make: async (file, durationSeconds, look, signal) => {
    const encoding = run(
      'ffmpeg',
      [
        ...['-hide_banner', '-loglevel', 'error', '-nostdin', '-y'],
        ...['-f', 'lavfi', '-i', `testsrc2=size=1280x720:rate=25,hue=h=${look * 120}`],
        ...['-f', 'lavfi', '-i', `sine=frequency=${220 * (look + 1)}:sample_rate=48000`],
        ...['-t', String(durationSeconds), '-metadata', `creation_time=${new Date().toISOString()}`],
        ...['-c:v', 'libx264', '-preset', 'ultrafast', '-b:v', '12M', '-pix_fmt', 'yuv420p', '-threads', '1'],
        ...['-c:a', 'aac', '-b:a', '128k', '-movflags', '+faststart', '-f', 'mp4', file],
      ],
      { signal },
    )
    // Whatever else this machine is doing comes first.
    if (encoding.child.pid !== undefined) setPriority(encoding.child.pid, 10)
    await encoding
  },
}

/** MP4 (H.264, AAC) where ffmpeg with an H.264 encoder is installed, else WAV. */
export async function findClipMaker(): Promise<ClipMaker> {
  try {
    const { stdout } = await run('ffmpeg', ['-hide_banner', '-encoders'])
    return stdout.includes('libx264') ? ffmpegMaker : wavMaker
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return wavMaker
    throw error
  }
}
