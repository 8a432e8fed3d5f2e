import fc from 'fast-check'
import { createFixed, createRealtime, createWithPartAtIngest, requestParts, someBytes } from '../support/clips.ts'
import type { Device } from '../support/pair.ts'
import { problemOf } from './judge.ts'
import { perform } from './perform.ts'
import { type Hostile, hostileRequest } from './requests.ts'

export type Campaign = {
  url: string
  /** Whose tokens are used; each asks for the clips of the others too. */
  devices: readonly Device[]
  seed: number
  requestCount: number
  /** Requests under way at the same time. */
  concurrency: number
}

export type CampaignResult = {
  requestCount: number
  /** How often which status was answered. */
  statuses: Record<number, number>
  /** A request that was answered wrongly, and how. */
  problem: { hostile: Hostile; problem: string; reply: unknown } | null
}

/** Sends hostile requests until there were enough, or one was answered wrongly. */
export async function attack({ url, devices, seed, requestCount, concurrency }: Campaign): Promise<CampaignResult> {
  const targets = await layOut(url, devices)
  const accessTokens = devices.map((device) => device.accessToken)
  const result: CampaignResult = { requestCount: 0, statuses: {}, problem: null }
  const requests = endless(hostileRequest({ deviceCount: devices.length, ...targets }), seed)

  const worker = async () => {
    while (result.requestCount < requestCount && result.problem === null) {
      const hostile = requests.next().value
      const sent = hostile.twice ? [hostile, hostile] : [hostile]
      result.requestCount += sent.length
      const replies = await Promise.all(sent.map((each) => perform(url, accessTokens, each)))
      for (const reply of replies) {
        const problem = problemOf(hostile, reply)
        if (problem !== null) result.problem ??= { hostile, problem, reply }
        if (reply !== 'broken') result.statuses[reply.status] = (result.statuses[reply.status] ?? 0) + 1
      }
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  return result
}

/** The same seed gives the same requests; batches grow more daring by themselves, as fast-check begins small. */
function* endless(arbitrary: fc.Arbitrary<Hostile>, seed: number): Generator<Hostile, never> {
  for (let batch = 0; ; batch++) yield* fc.sample(arbitrary, { seed: seed + batch, numRuns: 500 })
}

/** Clips of all kinds and states, and URLs of their parts at ingest. */
async function layOut(ingestUrl: string, devices: readonly Device[]) {
  const assetIds: string[] = []
  const partUrls: string[] = []
  for (const device of devices) {
    for (let i = 0; i < 3; i++) {
      const fixed = await createFixed(device, someBytes(1_000))
      assetIds.push(fixed.id)
      partUrls.push(...fixed.urls)
    }
    const growing = await createRealtime(device)
    assetIds.push(growing.id)
    const final = [{ number: 1, size: 1_000, is_final: true }]
    partUrls.push(...(await requestParts(device, growing.id, final, { asset_filesize: 1_000 })))
    assetIds.push((await createRealtime(device)).id)
    const one = await createWithPartAtIngest(
      { url: ingestUrl },
      device,
      someBytes(1_000),
      `one-${crypto.randomUUID()}.mp4`,
    )
    assetIds.push(one.id)
    partUrls.push(one.url)
  }
  const atIngest = partUrls.map((url) => new URL(url)).filter((url) => url.origin === ingestUrl)
  return { assetIds, partUrls: atIngest.map((url) => url.pathname + url.search) }
}
