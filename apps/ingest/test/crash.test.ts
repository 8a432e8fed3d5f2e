import { randomUUID } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { freshSeed, type SeededRandom, seededRandom } from '@rushes/test-kit'
import { afterAll, beforeAll, expect, test } from 'vitest'
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
  storedBytes,
  untilStatus,
  visibleFiles,
} from './support/clips.ts'
import { type Device, pairDevice } from './support/pair.ts'
import { type ProcessIngest, prepareProcessIngest } from './support/process-ingest.ts'
import { until } from './support/until.ts'

let ingest: ProcessIngest
let device: Device
beforeAll(async () => {
  ingest = await prepareProcessIngest()
  await ingest.start()
  device = await pairDevice(ingest)
})
afterAll(() => ingest.dispose())

type Part = { number: number; bytes: Bytes; url: string }
type Clip = { id: string; name: string; bytes: Bytes; parts: Part[] }

const killCount = 10
const partBytes = 5 * mib

async function newClip(random: SeededRandom, seed: number): Promise<Clip> {
  const name = `crash-${randomUUID()}.mp4`
  const bytes = someBytes(3 * partBytes + random.integer(1, 1_000), seed)
  if (random.integer(0, 1) === 0) {
    const { id, urls } = await createFixed(device, bytes, { name, parts: 3 })
    const parts = split(bytes, 3).map((piece, i) => ({ number: i + 1, bytes: piece, url: urls[i] ?? '' }))
    return { id, name, bytes, parts }
  }
  // The head comes last, so that the parts before it lie apart until the clip is assembled.
  const { id } = await createRealtime(device, { name })
  const pieces = [0, 1, 2].map((i) => bytes.subarray(i * partBytes, i === 2 ? bytes.length : (i + 1) * partBytes))
  const [head = bytes, middle = bytes, tail = bytes] = pieces
  const [second = ''] = await requestParts(device, id, [{ number: 2, size: middle.length, is_final: false }])
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

/** The numbers that were answered 200; the others met the kill. */
async function sendAll(clip: Clip, missing: number[]): Promise<number[]> {
  const sent = await Promise.all(
    clip.parts
      .filter((part) => missing.includes(part.number))
      .map(async (part) => {
        const reply = await putPart(part.url, part.bytes).catch(() => null) // killed in the middle
        return reply?.status === 200 ? [part.number] : []
      }),
  )
  return sent.flat()
}

test(`killed ${killCount} times in the middle of uploads, it keeps every acknowledged part and shows no partial clip`, async () => {
  const seed = freshSeed()
  const random = seededRandom(seed)
  const history: string[] = [`seed ${seed}`]
  const clips: Clip[] = []
  for (let round = 0; round < killCount; round++) {
    const fresh = [await newClip(random, seed + 2 * round), await newClip(random, seed + 2 * round + 1)]
    clips.push(...fresh)
    const sending = Promise.all(fresh.map((clip) => sendAll(clip, [1, 2, 3])))
    const delayMs = random.integer(0, 120)
    await new Promise((resolve) => setTimeout(resolve, delayMs)) // the fault itself: a kill at a random moment
    await ingest.kill()
    const acknowledged = await sending
    history.push(`round ${round}: killed after ${delayMs} ms, acknowledged ${JSON.stringify(acknowledged)}`)

    const whole = new Map(clips.map((clip) => [clip.name, clip.bytes.length]))
    for (const path of await visibleFiles(ingest.dir)) {
      const { size } = await stat(join(ingest.dir, path))
      expect(size, `${path}\n${history.join('\n')}`).toBe(whole.get(path.split('/').at(-1) ?? ''))
    }
    await ingest.start()
    for (const [i, clip] of fresh.entries()) {
      const { missing, status } = await statusOf(device, clip.id)
      expect(['created', 'assembling', 'available'], history.join('\n')).toContain(status)
      for (const number of acknowledged[i] ?? []) expect(missing, history.join('\n')).not.toContain(number)
    }
  }

  for (const clip of clips) {
    const { missing } = await statusOf(device, clip.id)
    expect(await sendAll(clip, missing), history.join('\n')).toEqual(expect.arrayContaining(missing))
    await untilStatus(device, clip.id, 'available')
    expect(clip.bytes.equals(await storedBytes(ingest.dir, clip.name)), `${clip.name}\n${history.join('\n')}`).toBe(
      true,
    )
  }
  expect(await visibleFiles(ingest.dir)).toHaveLength(clips.length)
}, 180_000)

test('a stop by SIGTERM lets an upload in flight end, and exits with 0', async () => {
  const bytes = someBytes(20 * mib)
  const { id, urls } = await createFixed(device, bytes, { name: 'drain.mp4', parts: 1 })
  const goOn = Promise.withResolvers<void>()
  const body = new ReadableStream<Uint8Array>({
    async start(controller) {
      controller.enqueue(bytes.subarray(0, mib))
      await goOn.promise
      controller.enqueue(bytes.subarray(mib))
      controller.close()
    },
  })
  const put = fetch(urls[0] ?? '', {
    method: 'PUT',
    headers: { 'content-type': 'video/mp4', 'x-amz-acl': 'private', 'content-length': String(bytes.length) },
    body,
    duplex: 'half',
  })
  await until('the part is being written', async () =>
    (await readdir(join(ingest.dir, '.rushes-uploads'))).includes(`${id}.data`),
  )
  const ended = ingest.terminate()
  goOn.resolve()
  expect((await put).status).toBe(200)
  expect(await ended).toBe(0)
  await ingest.start()
  await untilStatus(device, id, 'available')
  expect(ingest.output()).not.toMatch(/signature=|Bearer/)
}, 180_000)
