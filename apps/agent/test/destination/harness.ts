import { mkdtemp, open, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { agentClientIdPrefix } from '@rushes/protocol'
import { Agent } from 'undici'
import { afterEach } from 'vitest'
import xxhash from 'xxhash-wasm'
import { createDestination } from '../../src/destination/create-destination.ts'
import { createDispatcher } from '../../src/destination/create-dispatcher.ts'
import type { Destination, DestinationSettings, PutPart, SourceStat, Tokens } from '../../src/destination/port.ts'
import {
  type SimulatedDestination,
  startSimulatedDestination,
} from '../simulated-destination/start-simulated-destination.ts'
import type { SimulatedDestinationOptions } from '../simulated-destination/world.ts'

const cleanups: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

export const never = new AbortController().signal

export type Harness = {
  server: SimulatedDestination
  settings: DestinationSettings
  destination: Destination
  credentials: { clientId: string; clientSecret: string | null }
}

/** A simulated server and a client for it; both end with the test. */
export async function startHarness(
  options: Partial<SimulatedDestinationOptions> = {},
  settings: Partial<DestinationSettings> = {},
): Promise<Harness> {
  const { mode = 'ours' } = options
  const server = await startSimulatedDestination({ mode, autoApprove: true, ...options })
  cleanups.push(() => server.stop())
  const client = newSettings(settings)
  const destination = createDestination(client, { baseUrl: server.url, isOurs: mode === 'ours' })
  const credentials =
    mode === 'ours'
      ? { clientId: `${agentClientIdPrefix}1`, clientSecret: null }
      : { clientId: 'unit-1', clientSecret: 'model-secret' }
  return { server, settings: client, destination, credentials }
}

/** `connections` in place of those that the agent's own dispatcher has. */
export function newSettings(
  settings: Partial<DestinationSettings> & { connections?: number } = {},
): DestinationSettings {
  const { connections, ...given } = settings
  const dispatcher = connections === undefined ? createDispatcher({ maxPartsInFlight: 4 }) : new Agent({ connections })
  cleanups.push(() => dispatcher.destroy())
  return { dispatcher, clientVersion: '1.2.3', allowInsecure: false, ...given }
}

/** Pairs the device and reads its identity, as an agent does before it uploads. */
export async function pair({ destination, credentials }: Harness): Promise<Tokens> {
  const code = await destination.requestPairingCode(credentials, never)
  if (code.kind !== 'code') throw new Error(`no pairing code: ${JSON.stringify(code)}`)
  const polled = await destination.pollPairing({ ...credentials, deviceCode: code.deviceCode }, never)
  if (polled.kind !== 'paired') throw new Error(`not paired: ${JSON.stringify(polled)}`)
  await destination.me(polled.tokens.accessToken, never)
  return polled.tokens
}

export async function createClip(
  { destination }: Harness,
  accessToken: string,
  clip: { sizeBytes: number; key?: string; partCount?: number },
): Promise<{ assetId: string; uploadUrls: string[] }> {
  const outcome = await destination.createAsset(
    {
      kind: 'complete',
      accessToken,
      name: 'A001.mp4',
      fileType: 'video/mp4',
      offsetSeconds: () => 0,
      channel: 0,
      idempotencyKey: clip.key ?? 'key-1',
      sizeBytes: clip.sizeBytes,
      ...(clip.partCount === undefined ? {} : { partCount: clip.partCount }),
    },
    never,
  )
  if (outcome.kind !== 'created') throw new Error(`not created: ${JSON.stringify(outcome)}`)
  return outcome
}

export async function tempDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'rushes-destination-'))
  cleanups.push(() => rm(dir, { recursive: true, force: true }))
  return dir
}

export async function tempFile(bytes: Buffer): Promise<string> {
  const path = join(await tempDir(), 'A001.mp4')
  await writeFile(path, bytes)
  return path
}

/** A file with a hole in place of all but its first and last byte. */
export async function sparseFile(sizeBytes: number): Promise<string> {
  const path = await tempFile(Buffer.from([1]))
  const file = await open(path, 'r+')
  await file.write(Buffer.from([2]), 0, 1, sizeBytes - 1)
  await file.close()
  return path
}

export async function statOf(path: string): Promise<SourceStat> {
  const found = await stat(path, { bigint: true })
  return { sizeBytes: Number(found.size), modifiedUs: Number(found.mtimeNs / 1000n), inode: found.ino.toString() }
}

/** A part that is the whole file, unless said otherwise. */
export async function partOf(path: string, url: string | undefined, more: Partial<PutPart> = {}): Promise<PutPart> {
  const expected = await statOf(path)
  return {
    url: url ?? 'missing',
    file: { path, offsetBytes: 0, sizeBytes: expected.sizeBytes, expected },
    contentType: 'video/mp4',
    signal: never,
    onBytes: () => undefined,
    stallMs: 5_000,
    ...more,
  }
}

export async function xxh64(bytes: Uint8Array): Promise<string> {
  const { h64Raw } = await xxhash()
  return h64Raw(bytes).toString(16).padStart(16, '0')
}

/** Bytes that repeat with no power of two, so that a block in the wrong place shows. */
export function patternedBytes(sizeBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(sizeBytes)
  for (let at = 0; at < sizeBytes; at++) bytes[at] = (at * 31 + (at >> 11)) % 251
  return bytes
}
