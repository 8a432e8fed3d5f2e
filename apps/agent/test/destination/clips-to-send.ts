import { createDestination } from '../../src/destination/create-destination.ts'
import { type OpenFile, openOnDisk } from '../../src/destination/part-source.ts'
import { createClip, newSettings, pair, patternedBytes, sparseFile, startHarness, tempFile } from './harness.ts'

export async function clipOf(bytes: Buffer, options: { chunkSizeBytes?: number } = {}) {
  const harness = await startHarness({ store: 'memory', ...options })
  const { accessToken } = await pair(harness)
  const path = await tempFile(bytes)
  const clip = await createClip(harness, accessToken, { sizeBytes: bytes.length })
  return { ...harness, path, clip }
}

export async function largeClip(sizeBytes: number) {
  const harness = await startHarness()
  const { accessToken } = await pair(harness)
  const path = await sparseFile(sizeBytes)
  return { ...harness, path, clip: await createClip(harness, accessToken, { sizeBytes, partCount: 1 }) }
}

/** A client whose pool holds a single connection, so that a second request has to wait for it. */
export async function withOneConnection() {
  const { server, path, clip } = await clipOf(patternedBytes(1_000))
  const settings = newSettings({ connections: 1 })
  const destination = createDestination(settings, { baseUrl: server.url, isOurs: true })
  return { server, path, clip, dispatcher: settings.dispatcher, destination }
}

/** Opens as ever, but tells when the file is read at or beyond a position, before the bytes are handed over. */
export const meddleAt =
  (positionBytes: number, meddle: () => Promise<void>): OpenFile =>
  async (path) => {
    const file = await openOnDisk(path)
    let done = false
    return {
      ...file,
      read: async (buffer, lengthBytes, at) => {
        const readBytes = await file.read(buffer, lengthBytes, at)
        if (!done && at + lengthBytes >= positionBytes) {
          done = true
          await meddle()
        }
        return readBytes
      },
    }
  }
