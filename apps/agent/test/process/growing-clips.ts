import { type FileHandle, open, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { seededRandom } from '@rushes/test-kit'
import type { Clip } from './clips.ts'

/** A recorder: it holds its file open, writes to its end, rewrites what it has written, and closes it when it is complete. */
export type Recorder = {
  write(byteCount: number): Promise<void>
  /** Writes over what is there. */
  rewrite(offset: number, byteCount: number): Promise<void>
  /** Puts new bytes before the whole file, in place, as `+faststart` does. */
  prepend(byteCount: number): Promise<void>
  truncate(sizeBytes: number): Promise<void>
  rename(name: string): Promise<void>
  /** What the file holds now. */
  clip(): Clip
  close(): Promise<Clip>
}

const stepBytes = 262_144

export async function startRecorder(dir: string, name: string, seed = 1): Promise<Recorder> {
  const noise = noiseOf(seed)
  const file: FileHandle = await open(join(dir, name), 'w+')
  let content = Buffer.alloc(0)
  let called = name
  const clip = () => ({ path: join(dir, called), name: called, bytes: content })
  const writeAll = async () => {
    for (let at = content.byteLength; at > 0; ) {
      const from = Math.max(0, at - stepBytes)
      await file.write(content, from, at - from, from)
      at = from
    }
  }
  return {
    async write(byteCount) {
      const bytes = noise(byteCount)
      for (let done = 0; done < byteCount; done += stepBytes)
        await file.write(bytes, done, Math.min(stepBytes, byteCount - done), content.byteLength + done)
      content = Buffer.concat([content, bytes])
    },
    async rewrite(offset, byteCount) {
      const bytes = noise(byteCount)
      await file.write(bytes, 0, byteCount, offset)
      content.set(bytes, offset)
    },
    async prepend(byteCount) {
      content = Buffer.concat([noise(byteCount), content])
      await writeAll()
    },
    async truncate(sizeBytes) {
      await file.truncate(sizeBytes)
      content = content.subarray(0, sizeBytes)
    },
    async rename(to) {
      await rename(join(dir, called), join(dir, to))
      called = to
    },
    clip,
    async close() {
      await file.close()
      return clip()
    },
  }
}

/** Bytes that are nowhere the same twice, much cheaper than random ones: a random block, stamped with a count every 4 KiB. */
function noiseOf(seed: number): (byteCount: number) => Buffer {
  const block = Buffer.from(seededRandom(seed).bytes(4_096))
  let stamp = seed * 1_000_000
  return (byteCount) => {
    const bytes = Buffer.alloc(byteCount, block)
    for (let at = 0; at + 4 <= byteCount; at += 4_096) bytes.writeUInt32LE(++stamp, at)
    return bytes
  }
}

/** Writes at a pace, so that an agent that looks four times a second sees it grow. */
export async function record(recorder: Recorder, byteCount: number, steps = 6): Promise<void> {
  for (let step = 0; step < steps; step++) {
    await recorder.write(Math.ceil(byteCount / steps))
    await delay(100)
  }
}
