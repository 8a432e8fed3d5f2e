/** Claims and acknowledges parts as fast as it can, and prints how long claims take. argv: state folder, how many, [acknowledgeOnly, workers]. */
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { readBootId } from '../../src/boot-id.ts'
import { createGroupCommit } from '../../src/queue/group-commit.ts'
import { openQueue } from '../../src/queue/open-queue.ts'
import { acknowledgePart, claimPart, type PartClaim } from '../../src/queue/part-claims.ts'
import { claimRegistration, recordCreated } from '../../src/queue/registrations.ts'

const [stateDir = '', count = '', mode = '', workers = '1'] = process.argv.slice(2)
const queue = openQueue({ stateDir, bootId: readBootId() })
const partCount = 60
const claimMs: number[] = []
let acknowledged = 0

/** An upload with many parts, as a long clip has. */
function register(): void {
  const claim = claimRegistration(queue, 64)
  if (claim === null) return
  const { sizeBytes } = claim.upload
  const parts = Array.from({ length: partCount }, (_, index) => ({
    number: index + 1,
    offset: index,
    sizeBytes: index + 1 < partCount ? 1 : sizeBytes - index,
    url: 'http://127.0.0.1:1/part?signature=0123456789abcdef0123456789abcdef',
  }))
  recordCreated(queue, claim, { assetId: claim.upload.id, urlsIssuedAt: Date.now(), parts })
}

function claimTimed() {
  const begunMs = performance.now()
  const claim = claimPart(queue)
  claimMs.push(performance.now() - begunMs)
  return claim
}

if (mode === 'acknowledgeOnly') {
  for (let index = 0; index < 8; index++) register()
  // As the senders do it: each holds one part, and its acknowledgement brings the next. Another thread plays the destination, so that
  // answers come when they come.
  const destination = new Worker(
    "const { parentPort } = require('node:worker_threads'); parentPort.on('message', (part) => parentPort.postMessage(part))",
    { eval: true },
  )
  const answers = new EventTarget()
  destination.on('message', (sender: number) => answers.dispatchEvent(new Event(String(sender))))
  let underWay = 0
  const commit = createGroupCommit(queue, () => underWay > 0)
  const sendAll = async (sender: number) => {
    let claim: PartClaim | null = claimPart(queue)
    while (claim !== null && acknowledged < Number(count)) {
      const sent: PartClaim = claim
      underWay++
      destination.postMessage(sender)
      await once(answers, String(sender))
      underWay--
      acknowledged++
      claim = (await commit(() => acknowledgePart(queue, sent, '0123456789abcdef', true))).next
    }
  }
  await Promise.all(Array.from({ length: Number(workers) }, (_, sender) => sendAll(sender)))
  await destination.terminate()
} else {
  // In one transaction that is undone: the flush at the end of one, which a claim shares with an acknowledgement, is counted apart.
  const undo = new Error('undo')
  try {
    queue.transact(() => {
      for (let round = 0; round < Number(count); round++) {
        register()
        for (let claim = claimTimed(); claim !== null; claim = claimTimed())
          acknowledgePart(queue, claim, '0123456789abcdef', false)
      }
      throw undo
    })
  } catch (error) {
    if (error !== undo) throw error
  }
}
queue.close()
const sorted = claimMs.slice(200).sort((a, b) => a - b)
console.log(JSON.stringify({ claimP99Ms: sorted[Math.floor(sorted.length * 0.99)] ?? null, acknowledged }))
