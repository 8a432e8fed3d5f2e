import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { pino } from 'pino'
import { describe, expect, onTestFinished, test } from 'vitest'
import { takeInFiles } from '../../src/daemon/take-in-files.ts'
import { noteServerTime } from '../../src/queue/capture-clock.ts'
import { type OpenQueueOptions, openQueue, type Queue } from '../../src/queue/open-queue.ts'
import { keepPairingCopy } from '../../src/queue/pairing-copy.ts'
import { uploadsInOrder } from '../../src/queue/queue-reports.ts'
import { rebuildQueue } from '../../src/queue/rebuild-queue.ts'
import { queueMigrations } from '../../src/queue/schema.ts'
import { rebuiltMoment } from '../../src/queue/schema-rebuilt-moment.ts'
import { startOfTime, testQueue } from '../queue/test-queue.ts'
import { minute, settled } from './taken-in-file.ts'

describe('a clip from about the time at which the queue was rebuilt', () => {
  const hour = 60 * minute
  const year = 365 * 24 * hour
  const log = pino({ level: 'silent' })
  const held = { kind: 'held', reason: 'queueRebuilt' }

  /** A device whose queue was damaged three hours after its pairing and rebuilt while its wall clock was off by so much; it was put right a minute after. */
  function rebuiltWithClockOff(byMs: number) {
    const { queue, stateDir, clock } = testQueue()
    const pass = (ms: number) => {
      clock.now += ms
    }
    const setClock = (by: number) => {
      clock.now += by
      clock.bootedAt += by
    }
    keepPairingCopy(queue, stateDir)
    queue.close()
    writeFileSync(join(stateDir, 'queue.db'), Buffer.alloc(40_960, 0x5a))
    pass(3 * hour)
    setClock(byMs)
    const opening: OpenQueueOptions = {
      ...{ stateDir, bootId: 'boot-1' },
      ...{ now: () => clock.now, uptimeMs: () => clock.now - clock.bootedAt },
    }
    const rebuilt = rebuildQueue(opening, log)
    const opened = [rebuilt]
    onTestFinished(() => {
      for (const each of opened) if (each.db.isOpen) each.close()
    })
    pass(minute)
    setClock(-byMs)
    pass(minute)
    return {
      queue: rebuilt,
      stateDir,
      /** An hour and another boot later. */
      reboot() {
        if (rebuilt.db.isOpen) rebuilt.close()
        pass(hour)
        clock.bootedAt = clock.now
        const again = openQueue({ ...opening, bootId: 'boot-2' })
        opened.push(again)
        return again
      },
    }
  }
  const rebuiltAt = startOfTime + 3 * hour

  /** `isByOwnClock`: this device saw it begin. */
  function stateOf(queue: Queue, capturedAt: number, isByOwnClock = false) {
    const firstGrowthSeenAt = isByOwnClock ? capturedAt : null
    takeInFiles(queue, log).onSettled({ ...settled({ capturedAt }), firstGrowthSeenAt, isByOwnClock })
    return uploadsInOrder(queue, 0, 10)[0]?.state
  }

  test.for([-45 * minute, -startOfTime, 45 * minute, year])(
    'is held when it was captured before, though the clock was off by %i ms then and was set since',
    (byMs) => {
      const { queue } = rebuiltWithClockOff(byMs)
      expect(stateOf(queue, rebuiltAt - 15 * minute)).toMatchObject(held)
    },
  )

  test.for([-45 * minute, -startOfTime])(
    'goes when it was captured after, though the clock was off by %i ms at the rebuilding and was set since',
    (byMs) => {
      const { queue } = rebuiltWithClockOff(byMs)
      expect(stateOf(queue, rebuiltAt + 90_000)).toMatchObject({ kind: 'queued' })
    },
  )

  test.for([45 * minute, year])(
    'goes when it was seen to begin after, though the clock was %i ms ahead at the rebuilding and was put right since',
    (byMs) => {
      const { queue } = rebuiltWithClockOff(byMs)
      expect(stateOf(queue, rebuiltAt + 90_000, true)).toMatchObject({ kind: 'queued' })
    },
  )

  test('is held in the next boot as well when it was captured before, where the destination was heard in both', () => {
    const { queue, reboot } = rebuiltWithClockOff(-45 * minute)
    noteServerTime(queue, queue.now())
    const again = reboot()
    noteServerTime(again, again.now())
    expect(stateOf(again, rebuiltAt - 15 * minute)).toMatchObject(held)
  })

  test.for([
    [-1, held],
    [1, { kind: 'queued' }],
  ] as const)('is told by the wall clock where an older version rebuilt it: %i minutes after', ([minutes, state]) => {
    const { queue, stateDir, reboot } = rebuiltWithClockOff(0)
    queue.close()
    const old = new DatabaseSync(join(stateDir, 'queue.db'))
    old.exec(`ALTER TABLE unit DROP COLUMN rebuilt_uptime_ms; ALTER TABLE unit DROP COLUMN rebuilt_boot_id;
      PRAGMA user_version = ${queueMigrations.indexOf(rebuiltMoment)}`)
    old.close()
    expect(stateOf(reboot(), rebuiltAt + minutes * minute)).toMatchObject(state)
  })
})
