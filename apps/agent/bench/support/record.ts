import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'

const block = randomBytes(8_388_608)
const stepMs = 100

/**
 * Writes a file as a recorder does: at so many bytes a second, with a head that says how long it is and is written when it ends. `onStep` is told
 * how long it is by now. Resolves with the instant at which it was closed, and its size.
 */
export async function record(
  path: string,
  { bytesPerSecond, seconds }: { bytesPerSecond: number; seconds: number },
  onStep: (sizeBytes: number) => void = () => undefined,
): Promise<{ closedAt: number; sizeBytes: number }> {
  const file = await open(path, 'w')
  const head = Buffer.alloc(48)
  head.writeUInt32BE(32, 0)
  head.write('ftypqt  ', 4)
  head.writeUInt32BE(1, 32) // the length is given after the name of the box
  head.write('mdat', 36)
  await file.write(head)
  let sizeBytes = head.byteLength
  const begunMs = performance.now()
  for (let step = 1; step * stepMs <= seconds * 1_000; step++) {
    const endBytes = Math.floor((bytesPerSecond * step * stepMs) / 1_000)
    while (sizeBytes < endBytes) {
      const { bytesWritten } = await file.write(block, 0, Math.min(block.byteLength, endBytes - sizeBytes), sizeBytes)
      sizeBytes += bytesWritten
    }
    onStep(sizeBytes)
    await wait(Math.max(0, begunMs + step * stepMs - performance.now()))
  }
  head.writeBigUInt64BE(BigInt(sizeBytes - 32), 40)
  await file.write(head, 0, head.byteLength, 0)
  await file.close()
  return { closedAt: Date.now(), sizeBytes }
}
