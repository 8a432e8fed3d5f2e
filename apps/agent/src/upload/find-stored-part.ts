import { openOnDisk, openSource } from '../destination/part-source.ts'
import type { Destination, PartSource } from '../destination/port.ts'
import { startXxh64 } from '../xxh64.ts'

const readBytes = 1_048_576

export type StoredPartQuestion = { accessToken: string; assetId: string; number: number; file: PartSource }

/**
 * Finds out whether a part that was begun before has arrived all the same: its reply may have been lost, or come just as the agent was
 * killed. Then it is digested from the file instead of being sent again, and custody compares that digest with the stored bytes.
 * Null when it has not arrived, when it cannot be known, and for foreign servers, which are never asked.
 */
export async function findStoredPart(
  destination: Destination,
  question: StoredPartQuestion,
  signal: AbortSignal,
): Promise<string | null> {
  const { accessToken, assetId, number, file } = question
  if (destination.additions === null) return null
  const answer = await destination.additions.getAsset({ accessToken, assetId }, signal)
  if (answer.kind !== 'custody') return null
  const { status, missing } = answer.custody
  const isAlive = status === 'created' || status === 'assembling' || status === 'available'
  if (!isAlive || missing.includes(number)) return null
  try {
    return await digestRange(file, signal)
  } catch {
    // Whatever keeps the file from being read will be met, and judged, when the part is sent.
    return null
  }
}

async function digestRange(file: PartSource, signal: AbortSignal): Promise<string> {
  const source = await openSource(openOnDisk, file)
  try {
    const hash = startXxh64()
    const buffer = Buffer.allocUnsafe(Math.min(readBytes, file.sizeBytes))
    for (let done = 0; done < file.sizeBytes; done += buffer.byteLength) {
      signal.throwIfAborted()
      const length = Math.min(buffer.byteLength, file.sizeBytes - done)
      await source.readFully(buffer, length, file.offsetBytes + done)
      hash.update(buffer.subarray(0, length))
    }
    await source.verify()
    return hash.digest()
  } finally {
    await source.close()
  }
}
