/** Claims and acknowledges parts as fast as it can, and prints how long claims take. argv: state folder, how many, [acknowledgeOnly, workers]. */
import { readBootId } from '../../src/boot-id.ts'
import { openQueue } from '../../src/queue/open-queue.ts'
import { acknowledgePart, claimPart } from '../../src/queue/part-claims.ts'
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
  // As the senders do it: each holds one part, and its acknowledgement brings the next.
  const held = Array.from({ length: Number(workers) }, () => claimPart(queue))
  for (let turn = 0; acknowledged < Number(count); turn = (turn + 1) % held.length) {
    const claim = held[turn] ?? null
    if (claim === null) break
    acknowledged++
    held[turn] = acknowledgePart(queue, claim, '0123456789abcdef', true).next
  }
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
