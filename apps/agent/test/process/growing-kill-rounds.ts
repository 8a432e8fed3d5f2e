import { setTimeout as delay } from 'node:timers/promises'
import type { SeededRandom } from '@rushes/test-kit'
import { startDevice } from './agent-process.ts'
import { differences } from './clips.ts'
import { startRecorder } from './growing-clips.ts'
import { type KillRounds, sentAgain, timesSent } from './kill-rounds.ts'
import { acknowledgedParts } from './stored-queue.ts'

const mebibyte = 1_048_576

/**
 * Records a clip while the agent is killed at random moments, rewrites its beginning in the end, lets the agent finish, and tells what is wrong: bytes
 * that differ, a clip that came twice or not at all, parts that were sent again although their acknowledgement was on disk and nobody had
 * rewritten them.
 */
export async function killWhileItGrows(random: SeededRandom, killCount: number): Promise<KillRounds> {
  const watch = [{ path: '../card', mode: 'realtime', bytesPerSecond: 5_242_880 }]
  const device = await startDevice({ settings: { watch, workers: 3 } })
  const recorder = await startRecorder(device.watchDir, 'A001.mov', random.integer(1, 1_000))
  const slow = device.server.inject(
    { kind: 'latency', delayMs: 60 },
    { operation: ['part', 'create', 'realtimeParts', 'custody'], times: 1_000_000 },
  )
  const problems: string[] = []
  const round = async (wait: () => Promise<unknown>) => {
    const sentBefore = timesSent(device)
    const noted = new Set(acknowledgedParts(device.stateDir))
    const agent = await device.start()
    await wait()
    await agent.kill()
    problems.push(...sentAgain(device, noted, sentBefore))
  }
  await recorder.write(6 * mebibyte)
  for (let kills = 0; kills < killCount; kills++) {
    const isOver = kills >= killCount - 2
    await round(async () => {
      for (let write = 0; write < 3 && !isOver; write++) {
        await recorder.write(random.integer(1, 3) * mebibyte)
        await delay(random.integer(0, 250))
      }
      await delay(random.integer(0, 700))
    })
    if (kills === killCount - 3) {
      await recorder.rewrite(random.integer(0, 4) * mebibyte, 1_000)
      await recorder.close()
    }
  }
  slow.remove()
  const sentBefore = timesSent(device)
  const noted = new Set(acknowledgedParts(device.stateDir))
  const agent = await device.start()
  await device.until((all) => all.length === 1 && all[0]?.state === 'verified', 'the clip verified', 60_000)
  await agent.terminate()
  problems.push(...sentAgain(device, noted, sentBefore))
  problems.push(...differences(device.server, recorder.clip()), ...device.server.violations)
  return { device, kills: killCount, problems }
}
