import { freshSeed, seededRandom } from '@rushes/test-kit'
import { expect, test } from 'vitest'
import { killAtRandom } from './kill-rounds.ts'

const seed = Number(process.env.RUSHES_TORTURE_SEED ?? freshSeed())
const seconds = Number(process.env.RUSHES_TORTURE_SECONDS ?? 0)

test.runIf(seconds > 0)(
  'kill -9 at 200 or more random points of real runs',
  async () => {
    const random = seededRandom(seed)
    let kills = 0
    const endsAt = performance.now() + seconds * 1_000
    while (kills < 200 || performance.now() < endsAt) {
      const round = random.fork()
      const result = await killAtRandom(round, { killCount: 25, deadlineMs: 120_000 })
      kills += result.kills
      expect(result.problems, `seed ${seed}, after ${kills} kills`).toEqual([])
    }
    console.log(`seed ${seed}: ${kills} kills, nothing lost, nothing sent twice`)
  },
  3_600_000,
)
