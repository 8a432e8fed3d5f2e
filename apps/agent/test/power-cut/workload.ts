/**
 * A day in the life of a queue, to be traced: `node workload.ts STATE_DIR`. After each transaction whose effect somebody outside relies on,
 * it writes one line to the file `promises`; what was promised before a power cut must be true after it.
 */
import { openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { storeTokens, storeUploadLink } from '../../src/queue/links.ts'
import { takeIdentity } from '../../src/queue/move-project.ts'
import { openQueue } from '../../src/queue/open-queue.ts'
import { readEvents } from '../../src/queue/outbox.ts'
import { claimPart, recordPartFailure } from '../../src/queue/part-claims.ts'
import { claimRegistration, recordCreated } from '../../src/queue/registrations.ts'
import { endWaits } from '../../src/queue/waits.ts'
import { hashText } from '../../src/xxh64.ts'
import { addClip, identity, startOfTime } from '../queue/test-queue.ts'
import { createSent, growClip, send } from './grow-clip.ts'
import type { PromiseMade } from './promises.ts'

const clipCount = 10
const partsOfClip = 4
const partBytes = 1_000
const stateDir = process.argv[2] ?? ''

const promises = openSync(join(stateDir, 'promises'), 'a')
const promise = (made: PromiseMade) => writeSync(promises, `${JSON.stringify(made)}\n`)

let now = startOfTime
const queue = openQueue({ stateDir, bootId: 'boot-1', now: () => ++now })
// Often, so that cuts in the middle of a checkpoint are sampled too.
queue.db.exec('PRAGMA wal_autocheckpoint = 40')
storeUploadLink(queue, {
  serverUrl: 'http://127.0.0.1:1',
  isOurs: true,
  clientId: 'unit',
  clientSecret: null,
  accessToken: 'access-0',
  accessExpiresAt: now + 8 * 3_600_000,
  refreshToken: 'refresh-0',
})
takeIdentity(queue, identity('project-a'), hashText)

let toldSeq = 0
for (let clip = 0; clip < clipCount; clip++) {
  const added = addClip(queue, partsOfClip * partBytes)
  promise({ kind: 'taken', uploadId: added.id })
  const claim = claimRegistration(queue, 100)
  if (claim === null) throw new Error('the clip can be claimed')
  promise(createSent(claim.upload))
  const assetId = `asset-${clip}`
  const parts = Array.from({ length: partsOfClip }, (_, index) => ({
    number: index + 1,
    offset: index * partBytes,
    sizeBytes: partBytes,
    url: `http://127.0.0.1:1/parts/${assetId}/${index + 1}`,
  }))
  recordCreated(queue, claim, { assetId, urlsIssuedAt: now, parts })
  promise({ kind: 'created', uploadId: added.id, assetId })
  let part = claimPart(queue)
  let sends = 0
  while (part !== null) {
    // Every fifth fails once.
    if (++sends % 5 === 0) {
      promise({ kind: 'partSent', uploadId: added.id, number: part.number, attempts: part.attempts })
      const again = { kind: 'tryAgain', reason: 'backoff', at: now, counted: true, deprioritised: false } as const
      recordPartFailure(queue, part, again, { class: 'network', code: 'RESET', message: 'the connection broke' })
      endWaits(queue)
      part = claimPart(queue)
      continue
    }
    part = send(queue, part, promise)
  }
  if (clip % 3 === 0) growClip(queue, `grown-${clip}`, promise)
  for (const { seq, body } of readEvents(queue, toldSeq, 1_000)) {
    promise({ kind: 'told', seq, body: JSON.stringify(body) })
    toldSeq = seq
  }
  const refreshToken = `refresh-${clip + 1}`
  storeTokens(queue, `refresh-${clip}`, { accessToken: `access-${clip + 1}`, accessExpiresAt: now, refreshToken })
  promise({ kind: 'tokensUsed', refreshToken })
  takeIdentity(queue, identity('project-a'), hashText)
}
queue.close()
