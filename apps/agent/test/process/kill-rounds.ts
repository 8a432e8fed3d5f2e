import { setTimeout as delay } from 'node:timers/promises'
import type { SeededRandom } from '@rushes/test-kit'
import { type Device, startDevice } from './agent-process.ts'
import { type Clip, differences, writeClip } from './clips.ts'
import { acknowledgedParts } from './stored-queue.ts'

export type KillRounds = { device: Device; kills: number; problems: string[] }

const mebibyte = 1_048_576

/**
 * Uploads some clips while the agent is killed at random moments, `killCount` times or until the time is over, then lets it finish and
 * tells what is wrong: bytes that differ, clips that came twice or not at all, parts that were sent again although their
 * acknowledgement was on disk.
 */
export async function killAtRandom(
  random: SeededRandom,
  limits: { killCount: number; deadlineMs: number },
): Promise<KillRounds> {
  const device = await startDevice({ chunkSizeBytes: mebibyte, settings: { workers: 3 } })
  const clips: Clip[] = []
  for (let number = 1; number <= 4; number++) {
    clips.push(
      await writeClip(
        device.watchDir,
        `A00${number}.mov`,
        random.integer(1, 12) * mebibyte + random.integer(1, 999),
        random,
      ),
    )
  }
  // Slows the parts down, so that a kill finds some of them on their way.
  const slow = device.server.inject(
    { kind: 'latency', delayMs: 60 },
    { operation: ['part', 'create', 'custody'], times: 1_000_000 },
  )
  const problems: string[] = []
  const endsAt = performance.now() + limits.deadlineMs
  let kills = 0
  while (kills < limits.killCount && performance.now() < endsAt) {
    const sentBefore = timesSent(device)
    const noted = new Set(acknowledgedParts(device.stateDir))
    const agent = await device.start()
    await delay(random.integer(0, 700))
    await agent.kill()
    kills++
    problems.push(...sentAgain(device, noted, sentBefore))
    if (device.server.completedAssets().length === clips.length) {
      const next = clips.length + 1
      clips.push(
        await writeClip(
          device.watchDir,
          `B${String(next).padStart(3, '0')}.mov`,
          random.integer(1, 8) * mebibyte,
          random,
        ),
      )
    }
  }
  slow.remove()
  const sentBefore = timesSent(device)
  const noted = new Set(acknowledgedParts(device.stateDir))
  const agent = await device.start()
  const uploads = await device.until(
    (all) => all.length === clips.length && all.every(({ state }) => state === 'verified'),
    'all clips verified',
    60_000,
  )
  await agent.terminate()
  problems.push(...sentAgain(device, noted, sentBefore))
  for (const clip of clips) problems.push(...differences(device.server, clip))
  problems.push(...device.server.violations)
  if (uploads.some(({ partsDone, partsTotal }) => partsDone !== partsTotal))
    problems.push('a verified clip has parts that are not done')
  return { device, kills, problems }
}

/** How often each part was begun to be sent, as `asset/number`. */
export function timesSent(device: Device): Map<string, number> {
  const times = new Map<string, number>()
  for (const asset of device.server.assets) {
    for (const part of asset.parts.values()) times.set(`${asset.id}/${part.number}`, part.sentAgainCount)
  }
  return times
}

export function sentAgain(device: Device, noted: ReadonlySet<string>, before: ReadonlyMap<string, number>): string[] {
  const now = timesSent(device)
  return [...noted]
    .filter((part) => (now.get(part) ?? 0) > (before.get(part) ?? 0))
    .map((part) => `${part} was sent again although its acknowledgement was on disk`)
}
