import { randomUUID } from 'node:crypto'
import { enqueueCommand } from '@rushes/fleet'
import { freshSeed, seededRandom } from '@rushes/test-kit'
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { type RunningGateway, startGateway } from '../src/gateway.ts'
import { FuzzDevice } from './support/fuzz-device.ts'
import { Site } from './support/site.ts'
import { until } from './support/until.ts'

vi.setConfig({ testTimeout: 90_000 })

let site: Site
let second: RunningGateway

beforeAll(async () => {
  site = await Site.open()
  second = await startGateway(site.config, pino({ level: 'silent' }))
})
afterAll(async () => {
  await second.stop()
  await site.close()
})

const seeds = [freshSeed(), freshSeed(), freshSeed()]

test.each(seeds)(
  'two gateways and a device that comes and goes: nothing lost, nothing twice (seed %i)',
  async (seed) => {
    const random = seededRandom(seed)
    const identity = await site.device(`Fuzz ${seed}`)
    const device = new FuzzDevice(identity, random)
    const ports = [site.port, second.port]
    const commandIds: string[] = []
    const log: string[] = []
    const command = async () => {
      const commandId = randomUUID()
      commandIds.push(commandId)
      await enqueueCommand(
        { db: site.db, now: new Date(), actor: { kind: 'system', id: null, name: 'fuzz' } },
        {
          commandId,
          body: random.chance(0.5) ? { kind: 'clearQueue' } : { kind: 'holdUploads' },
          deviceIds: [identity.id],
        },
      )
    }
    const steps: Record<string, () => void | Promise<void>> = {
      happen: () => device.happen(),
      happenAgain: () => device.happen(),
      connect: () => device.connect(random.pick(ports)),
      abandon: () => device.leave('abandon'),
      terminate: () => device.leave('terminate'),
      tell: () => device.tell(),
      tellAgain: () => device.tell(),
      hear: () => device.hear(0.4),
      command,
    }
    try {
      for (let n = 0; n < 60; n += 1) {
        const step = random.pick(Object.keys(steps))
        log.push(step)
        await steps[step]?.()
      }
      device.leave('terminate')
      await device.connect(site.port)
      device.tell()
      await until('every command to be answered', async () => {
        device.hear(0)
        const [row] = await site.sql(
          `select count(*)::int as open from command_executions where device_id = $1 and state <> 'succeeded'`,
          [identity.id],
        )
        return row?.open === 0
      })
      await until('every event to be stored', async () => {
        const rows = await site.sql('select seq from device_events where device_id = $1 order by id', [identity.id])
        const seqs = rows.map((row) => Number(row.seq))
        expect(seqs).toEqual(seqs.map((_, index) => index + 1))
        return seqs.length === device.outbox.length
      })
      expect(device.carriedOut.size).toBe(commandIds.length)
      const open = await site.sql('select 1 from connections where device_id = $1 and closed_at is null', [identity.id])
      expect(open).toHaveLength(1)
      expect(device.isConnected()).toBe(true)
    } catch (error) {
      throw new Error(`seed ${seed}: ${log.join(' ')}`, { cause: error })
    } finally {
      device.end()
    }
  },
)
