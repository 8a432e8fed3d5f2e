import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { open, rename } from 'node:fs/promises'

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

export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk)
  return hash.digest('hex')
}
