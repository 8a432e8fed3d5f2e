import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename } from 'node:fs/promises'
import { promisify } from 'node:util'

/**
 * Writes a playable WAV file (48 kHz, stereo, 16 bit) of about so many bytes under a temporary name and renames it, as a recorder does.
 * The samples differ from file to file, so that no two have equal parts.
 */
export async function writeClip(path: string, sizeBytes: number, seed: number): Promise<void> {
  const dataBytes = sizeBytes - 44
  const header = Buffer.alloc(44)
  header.write('RIFF', 0)
  header.writeUInt32LE(36 + dataBytes, 4)
  header.write('WAVEfmt ', 8)
  header.writeUInt32LE(16, 16)
  header.writeUInt16LE(1, 20)
  header.writeUInt16LE(2, 22)
  header.writeUInt32LE(48_000, 24)
  header.writeUInt32LE(48_000 * 4, 28)
  header.writeUInt16LE(4, 32)
  header.writeUInt16LE(16, 34)
  header.write('data', 36)
  header.writeUInt32LE(dataBytes, 40)
  const file = await open(`${path}.part`, 'w')
  try {
    await file.write(header)
    const block = Buffer.alloc(1 << 20)
    let state = (seed * 2_654_435_761) >>> 0
    for (let written = 0; written < dataBytes; written += block.length) {
      for (let at = 0; at < block.length; at += 4) {
        state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
        block.writeUInt32LE(state, at)
      }
      await file.write(block, 0, Math.min(block.length, dataBytes - written))
    }
  } finally {
    await file.close()
  }
  await rename(`${path}.part`, path)
}

/** Writes a short film by ffmpeg, with picture and sound, as a recorder does; where that is not installed, sound alone. */
export async function writeMovie(path: string, size: string, seconds: number): Promise<void> {
  const picture = ['-f', 'lavfi', '-i', `testsrc2=size=${size}:rate=25:duration=${seconds}`]
  const sound = ['-f', 'lavfi', '-i', `sine=frequency=330:sample_rate=48000:duration=${seconds}`]
  const codecs = ['-c:v', 'mjpeg', '-q:v', '4', '-c:a', 'pcm_s16le', '-f', 'mov']
  try {
    await promisify(execFile)('ffmpeg', [
      '-hide_banner',
      '-loglevel',
      'error',
      '-y',
      ...picture,
      ...sound,
      ...codecs,
      `${path}.part`,
    ])
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    return writeClip(path, seconds * 192_000, seconds)
  }
  await rename(`${path}.part`, path)
}

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}
