import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { readClientId, readControlLink, readUploadLink, storeControlLink } from '../../src/queue/links.ts'
import { keepPairingCopy } from '../../src/queue/pairing-copy.ts'
import { isQueueDamaged } from '../../src/queue/queue-damage.ts'
import { uploadsInOrder } from '../../src/queue/queue-reports.ts'
import { rebuildQueue, rebuiltSince } from '../../src/queue/rebuild-queue.ts'
import { addClip, testQueue } from './test-queue.ts'

const log = pino({ level: 'silent' })

test('a file that is damaged in the middle is noticed by the first statement that meets it', () => {
  const { queue, stateDir, reopen } = testQueue()
  for (let count = 0; count < 200; count++) addClip(queue)
  const root = Number(queue.db.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'files'").get()?.rootpage)
  queue.close()
  const path = join(stateDir, 'queue.db')
  writeFileSync(path, readFileSync(path).fill(0x5a, (root - 1) * 4_096, root * 4_096))
  const damaged = reopen()
  expect(damaged.damaged.aborted).toBe(false)
  expect(() => uploadsInOrder(damaged, 0, 500)).toThrow(expect.toSatisfy(isQueueDamaged))
  expect(damaged.damaged.aborted).toBe(true)
})

test('the pairing comes out of the copy where the damaged file has it no more, and is looked up anew before it is used', () => {
  const { queue, stateDir, clock } = testQueue()
  keepPairingCopy(queue, stateDir)
  storeControlLink(queue, { serverUrl: 'http://x', agentUrl: 'ws://x', deviceId: 'device-7', deviceSecret: 'secret-7' })
  const [clientId, link] = [readClientId(queue), readUploadLink(queue)]
  queue.close()
  writeFileSync(join(stateDir, 'queue.db'), Buffer.alloc(40_960, 0x5a))
  const rebuilt = rebuildQueue({ stateDir, bootId: 'boot-2', now: () => clock.now }, log)
  expect(readClientId(rebuilt)).toBe(clientId)
  expect(readUploadLink(rebuilt)).toEqual({ ...link, fence: 'identityPending' })
  expect(readControlLink(rebuilt)).toMatchObject({ deviceId: 'device-7', deviceSecret: 'secret-7' })
  expect(rebuiltSince(rebuilt)).toMatchObject({ at: clock.now, inBoot: { bootId: 'boot-2' } })
  expect(uploadsInOrder(rebuilt, 0, 10)).toEqual([])
  rebuilt.close()
})

test('without a copy that can be read the device is not paired any more, and its queue is empty', () => {
  const { queue, stateDir } = testQueue()
  queue.close()
  writeFileSync(join(stateDir, 'queue.db'), Buffer.alloc(40_960, 0x5a))
  writeFileSync(join(stateDir, 'pairing.json'), '{"unit":')
  const rebuilt = rebuildQueue({ stateDir, bootId: 'boot-2' }, log)
  expect(readUploadLink(rebuilt)).toBeNull()
  rebuilt.close()
})
