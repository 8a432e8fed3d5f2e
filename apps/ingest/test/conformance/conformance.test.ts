import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { onS3 } from '../support/test-bucket.ts'
import { authorizationRows } from './rows/authorization.ts'
import { createRows } from './rows/create.ts'
import { createRealtimeRows } from './rows/create-realtime.ts'
import { folderRows } from './rows/folders.ts'
import { identityRows } from './rows/identity.ts'
import { moveRows } from './rows/moves.ts'
import { pairingRows } from './rows/pairing.ts'
import { partRows } from './rows/parts.ts'
import { pauseRows } from './rows/pauses.ts'
import { realtimePartRows } from './rows/realtime-parts.ts'
import { tokenRows } from './rows/tokens.ts'
import { transportRows } from './rows/transport.ts'
import { type Topic, topics } from './topics.ts'
import { startWorld, type World } from './world.ts'

const table = {
  'transport, errors and rate limits': transportRows,
  pairing: pairingRows,
  'tokens: refresh and revoke': tokenRows,
  'who may call, and for how long': authorizationRows,
  'identity and heartbeat': identityRows,
  'creating a clip of known size': createRows,
  'creating a clip that still grows': createRealtimeRows,
  'registering parts of a clip that still grows': realtimePartRows,
  // A bucket answers them itself, as its tests show.
  'sending parts': onS3() ? [] : partRows,
  'pauses and the age of clips': pauseRows,
  folders: folderRows,
  'moves to another project': moveRows,
}

let world: World
beforeAll(async () => {
  world = await startWorld()
})
afterAll(() => world.ingest.stop())

for (const [section, rows] of Object.entries(table).filter(([, { length }]) => length > 0))
  describe(section, () => {
    for (const row of rows) test(`${row.title} → ${row.status}`, () => row.run(world))
  })

// Rows of parts are left to the bucket there, and their topics with them.
if (!onS3())
  test.each(Object.entries(topics))('%s is covered: %s', (topic) => {
    const covered = new Set<Topic>(Object.values(table).flatMap((rows) => rows.flatMap((row) => row.topics)))
    expect([...covered]).toContain(topic)
  })

test('no row was answered by a failure that nobody foresaw', () => {
  expect(world.ingest.logLines.filter((line) => line.includes('a request failed'))).toEqual([])
})
