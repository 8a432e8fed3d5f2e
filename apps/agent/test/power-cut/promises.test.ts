import { expect, test } from 'vitest'
import { testQueue } from '../queue/test-queue.ts'
import { growClip } from './grow-clip.ts'
import { brokenPromises, type PromiseMade } from './promises.ts'

const lost = "state = 'pending', xxh64 = NULL, acknowledged_at = NULL"
const unreleased = `INSERT INTO growths (upload_id, phase, bytes_per_second, registers_head, complete_bytes, compared)
    SELECT id, 'complete', 1, 1, 5000, 1 FROM uploads;
  UPDATE parts SET is_held = 1 WHERE number = 5`

test('a queue that nothing has happened to keeps what was promised of a recording', () => {
  const { broken } = afterwards('SELECT 1')
  expect(broken).toEqual([])
})

test.for([
  ['a create that says something else', 'UPDATE uploads SET parts_asked = 7', '"createSent"'],
  [
    'another plan than the one that was asked for',
    'UPDATE parts SET size_bytes = 999 WHERE number = 5',
    '"partsAsked"',
  ],
  ['an acknowledgement that is lost', `UPDATE parts SET ${lost} WHERE number = 3`, '"acknowledged"'],
  ['a rewritten part that counts as arrived', 'UPDATE parts SET is_resent = 0', '"goesAgain"'],
  ['a comparison that nobody owes any more', "UPDATE uploads SET custody = 'none'", '"sent"'],
  ['a comparison that is forgotten', "UPDATE uploads SET custody = 'none'", '"compared"'],
  ['an end that nothing releases', unreleased, 'nothing will ever release'],
  ['parts with a gap', 'UPDATE parts SET offset = offset + 1 WHERE number = 5', 'do not lie one after the other'],
] as const)('%s is found out', ([, damage, complaint]) => {
  const { broken } = afterwards(damage)
  expect(broken.join('\n')).toContain(complaint)
})

function afterwards(damage: string): { broken: string[] } {
  const { queue, stateDir } = testQueue()
  const promises: PromiseMade[] = []
  growClip(queue, 'asset-1', (made) => promises.push(made))
  queue.db.exec(damage)
  queue.close()
  return { broken: brokenPromises(stateDir, promises) }
}
