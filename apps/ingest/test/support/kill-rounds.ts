import { randomUUID } from 'node:crypto'
import type { SeededRandom } from '@rushes/test-kit'
import {
  type Bytes,
  createFixed,
  createRealtime,
  mib,
  putPart,
  requestParts,
  someBytes,
  split,
  statusOf,
} from './clips.ts'
import type { Device } from './pair.ts'
import type { ProcessIngest } from './process-ingest.ts'
import { until } from './until.ts'
import { waitedForProcessorMs } from './waited-for-processor.ts'

type Part = { number: number; bytes: Bytes; url: string }
type Clip = { id: string; name: string; bytes: Bytes; parts: Part[] }

export type KillRounds = {
  killCount: number
  acknowledgedCount: number
  /** From the start of the program after each kill until it answered, and until nothing was left to be mended. */
  answeredMs: number[]
  mendedMs: number[]
  /** The latter without what others on a busy machine took of it. */
  ownMs: number[]
  /** What should never be; none when every invariant held. */
  problems: string[]
}

const partBytes = 5 * mib
/** Generous: it tells what never comes from what is slow on a busy machine. */
const patienceMs = 120_000

/**
 * Kills ingest again and again in the middle of uploads, and every other time once more while it starts after that. After each
 * kill no partial clip is to be seen, after each start no acknowledged part is missing, and at the end every clip is there, whole
 * and right, from the parts that were acknowledged: those are not sent again.
 */
export async function killRounds(given: {
  ingest: ProcessIngest
  device: Device
  random: SeededRandom
  killCount: number
  /** Told after each round, which take seconds. */
  onRound?: (soFar: KillRounds) => void
  /** Ends it after the round that runs. */
  signal?: AbortSignal
}): Promise<KillRounds> {
  const { ingest, device, random, killCount, signal } = given
  const result: KillRounds = {
    killCount: 0,
    acknowledgedCount: 0,
    answeredMs: [],
    mendedMs: [],
    ownMs: [],
    problems: [],
  }
  const problem = (text: string) => result.problems.push(`round ${result.killCount}: ${text}`)
  const clips: Clip[] = []
  while (result.killCount < killCount && result.problems.length === 0 && signal?.aborted !== true) {
    const fresh = [await newClip(device, random), await newClip(device, random)]
    clips.push(...fresh)
    const progress = createProgress()
    const sending = Promise.all(fresh.map((clip) => sendAll(clip, [1, 2, 3], progress.acknowledged)))
    // By what was acknowledged rather than by the clock: the moments are spread over all phases on slow machines too.
    await Promise.race([progress.reached(random.integer(result.killCount === 0 ? 1 : 0, 6)), sending])
    await new Promise((resolve) => setTimeout(resolve, random.integer(0, 120))) // the fault itself: a kill at a random moment
    await ingest.kill()
    result.killCount += 1
    const acknowledged = await sending
    result.acknowledgedCount += acknowledged.flat().length

    const whole = new Map(clips.map((clip) => [clip.name, clip.bytes.length]))
    for (const { name, sizeBytes } of await ingest.stored.sizes())
      if (sizeBytes !== whole.get(name)) problem(`${name} is there with ${sizeBytes} bytes`)
    if (random.chance(0.5)) {
      await killAtStart(ingest, random.integer(0, Math.round(result.answeredMs.at(-1) ?? 1_000)))
      result.killCount += 1
    }
    const startedMs = performance.now()
    await ingest.start()
    result.answeredMs.push(performance.now() - startedMs)
    for (const [i, clip] of fresh.entries()) {
      const { missing, status } = await statusOf(device, clip.id)
      if (!['created', 'assembling', 'available'].includes(status)) problem(`${clip.name} is ${status}`)
      const lost = (acknowledged[i] ?? []).filter((number) => missing.includes(number))
      if (lost.length > 0) problem(`${clip.name} has lost the acknowledged parts ${lost.join(', ')}`)
      if (missing.length === 0) await untilAvailable(device, clip.id)
    }
    const mendedMs = performance.now() - startedMs
    result.mendedMs.push(mendedMs)
    result.ownMs.push(mendedMs - (await waitedForProcessorMs(ingest.pid())))
    given.onRound?.(result)
  }
  for (const clip of clips) {
    const { missing } = await statusOf(device, clip.id)
    if ((await sendAll(clip, missing)).length < missing.length) problem(`${clip.name} does not go up after all`)
    await untilAvailable(device, clip.id)
    if (!clip.bytes.equals(await ingest.stored.read(clip.name))) problem(`${clip.name} has other bytes`)
  }
  const seen = (await ingest.stored.names()).length
  if (seen !== clips.length) problem(`${seen} files are to be seen, of ${clips.length} clips`)
  return result
}

/** Fails at once, with its words, for a clip that will never be. */
async function untilAvailable(device: Device, assetId: string): Promise<void> {
  await until(
    `asset ${assetId} is available`,
    async () => {
      const now = await statusOf(device, assetId)
      if (now.status === 'failed' || now.status === 'closed')
        throw new Error(`asset ${assetId}: ${JSON.stringify(now)}`)
      return now.status === 'available'
    },
    patienceMs,
  )
}

/** Kills it while it mends what the last kill left, or before it comes to that. */
async function killAtStart(ingest: ProcessIngest, afterMs: number): Promise<void> {
  const starting = ingest.start().catch(() => undefined) // it hardly gets there
  await new Promise((resolve) => setTimeout(resolve, afterMs)) // the fault itself
  await ingest.kill()
  await starting
}

async function newClip(device: Device, random: SeededRandom): Promise<Clip> {
  const name = `crash-${randomUUID()}.mp4`
  const bytes = someBytes(3 * partBytes + random.integer(1, 1_000), random.integer(1, 1_000_000))
  const kind = random.integer(0, 2)
  if (kind === 0) {
    const { id, urls } = await createFixed(device, bytes, { name, parts: 3 })
    const parts = split(bytes, 3).map((piece, i) => ({ number: i + 1, bytes: piece, url: urls[i] ?? '' }))
    return { id, name, bytes, parts }
  }
  const { id } = await createRealtime(device, { name })
  const headBytes = kind === 1 ? partBytes : partBytes + random.integer(1, 1_000)
  const pieces = [[0, headBytes], [headBytes, headBytes + partBytes], [headBytes + partBytes]].map((cut) =>
    bytes.subarray(...cut),
  )
  const [head = bytes, middle = bytes, tail = bytes] = pieces
  const ask = { number: 2, size: middle.length, is_final: false }
  // The head comes last: either not even registered, so that the parts before it lie apart until the clip is assembled, or with less than
  // it has in the end, so that they lie in places that are not theirs.
  const early = kind === 1 ? [ask] : [ask, { number: 1, size: partBytes, is_final: false }]
  const [second = ''] = await requestParts(device, id, early)
  const later = [
    { number: 1, size: head.length, is_final: false },
    { number: 3, size: tail.length, is_final: true },
  ]
  const [first = '', third = ''] = await requestParts(device, id, later, { asset_filesize: bytes.length })
  const parts = [
    { number: 2, bytes: middle, url: second },
    { number: 1, bytes: head, url: first },
    { number: 3, bytes: tail, url: third },
  ]
  return { id, name, bytes, parts }
}

/** Counts what is acknowledged, for whoever waits for so much of it. */
function createProgress() {
  const waiting: { count: number; resolve: () => void }[] = []
  let count = 0
  return {
    acknowledged() {
      count += 1
      for (const one of waiting) if (count >= one.count) one.resolve()
    },
    reached: (atLeast: number) =>
      new Promise<void>((resolve) => {
        if (count >= atLeast) resolve()
        else waiting.push({ count: atLeast, resolve })
      }),
  }
}

/** The numbers that were answered 200; the others met the kill. */
async function sendAll(clip: Clip, missing: number[], onAcknowledged?: () => void): Promise<number[]> {
  const sent = await Promise.all(
    clip.parts
      .filter((part) => missing.includes(part.number))
      .map(async (part) => {
        const reply = await putPart(part.url, part.bytes).catch(() => null) // killed in the middle
        if (reply?.status !== 200) return []
        onAcknowledged?.()
        return [part.number]
      }),
  )
  return sent.flat()
}
