import { freshSeed, type SeededRandom, seededRandom } from '@rushes/test-kit'
import { describe, expect, it, onTestFailed } from 'vitest'
import { uploadReports } from './fake-port.ts'
import { type LinkWorld, startLinkWorld } from './link-world.ts'
import type { GatewaySession } from './scripted-gateway.ts'

/** What a gateway keeps durably of one device, and what it still owes it. */
type Stored = { lastSeq: number; seqs: number[]; open: Set<string>; finals: Map<string, string>; snapshots: number }

const executionId = (number: number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`

describe('a link under random faults', () => {
  // A seed that ever failed is added here.
  it.each([1, 2, 3, 4, freshSeed()])('loses and repeats nothing, seed %i', async (seed) => {
    const random = seededRandom(seed)
    const log: string[] = []
    onTestFailed(() => console.log(`seed ${seed}\n${log.join('\n')}`))
    const world = await startLinkWorld({ prepare: (port) => port.setUploads(uploadReports(250)) })
    const stored: Stored = { lastSeq: 0, seqs: [], open: new Set(), finals: new Map(), snapshots: 0 }
    let commandCount = 0

    for (let round = 0; round < 16; round += 1) {
      const session = await connect(world, stored, random, log)
      for (let step = 0; session !== null && step < 8; step += 1) {
        if (random.chance(0.5)) world.port.appendNotices(random.integer(1, 70))
        if (random.chance(0.4)) {
          commandCount += 1
          stored.open.add(executionId(commandCount))
          deliver(session, executionId(commandCount), random)
        }
        if (random.chance(0.2)) session.send({ type: 'sendSnapshot' })
        if (random.chance(0.2)) world.port.setStatus({ projectEpoch: round })
        await takeIn(session, stored, random, log)
        if (random.chance(0.15)) break
      }
      // Eighths, so that delays are whole milliseconds.
      world.random = random.integer(0, 7) / 8
      if (random.chance(0.2)) {
        log.push('the agent is restarted')
        await world.restart()
        continue
      }
      log.push('the connection is cut')
      session?.cut()
      await world.until('waiting')
      await world.nextAttempt()
    }

    const calm = await connect(world, stored, null, log)
    if (calm === null) throw new Error('a calm gateway welcomes')
    for (const open of stored.open) deliver(calm, open, null)
    while (stored.open.size > 0 || stored.lastSeq < world.port.lastSeq() || world.port.pendingOutcomes().length > 0) {
      await takeIn(calm, stored, null, log)
    }
    await calm.settle()
    expect(stored.seqs).toEqual(Array.from({ length: world.port.lastSeq() }, (_, index) => index + 1))
    expect(world.port.outbox()).toEqual([])
    expect(world.port.effects.toSorted()).toEqual(
      Array.from({ length: commandCount }, (_, index) => executionId(index + 1)),
    )
    expect(stored.snapshots).toBeGreaterThan(0)
  })
})

/** Welcomes the device, or cuts the connection before that; then hands over again what is open. */
async function connect(
  world: LinkWorld,
  stored: Stored,
  random: SeededRandom | null,
  log: string[],
): Promise<GatewaySession | null> {
  const session = await world.gateway.nextSession()
  await session.nextOf('hello')
  if (random?.chance(0.15)) {
    log.push('no welcome')
    session.cut()
    return null
  }
  log.push(`welcome, ${stored.lastSeq} stored`)
  session.sendWelcome({ lastSeq: stored.lastSeq })
  for (const open of stored.open) deliver(session, open, random)
  return session
}

function deliver(session: GatewaySession, id: string, random: SeededRandom | null): void {
  for (let copies = random?.chance(0.3) ? 3 : 1; copies > 0; copies -= 1) {
    session.send({
      type: 'command',
      executionId: id,
      commandId: id,
      issuedAt: '2026-11-22T12:00:00.000Z',
      expiresAt: null,
      body: { kind: random?.chance(0.5) ? 'holdUploads' : 'clearQueue' },
    })
  }
}

/** Stores what has come, as the server does, and confirms it unless the confirmation is lost. */
async function takeIn(
  session: GatewaySession,
  stored: Stored,
  random: SeededRandom | null,
  log: string[],
): Promise<void> {
  for (const frame of await session.settle()) {
    const isConfirmationLost = random?.chance(0.3) ?? false
    if (frame.type === 'events') {
      for (const event of frame.events) {
        if (event.seq !== stored.lastSeq + 1) continue
        stored.lastSeq = event.seq
        stored.seqs.push(event.seq)
      }
      log.push(`events to ${stored.lastSeq}${isConfirmationLost ? ', confirmation lost' : ''}`)
      if (!isConfirmationLost) session.send({ type: 'eventsStored', lastSeq: stored.lastSeq })
    } else if (frame.type === 'execution' && frame.update.outcome.state !== 'acknowledged') {
      const { executionId: id, outcome } = frame.update
      const known = stored.finals.get(id)
      if (known !== undefined) expect(outcome.state).toBe(known)
      stored.finals.set(id, outcome.state)
      stored.open.delete(id)
      log.push(`${outcome.state} ${id}${isConfirmationLost ? ', confirmation lost' : ''}`)
      if (!isConfirmationLost) session.send({ type: 'executionStored', executionId: id, state: outcome.state })
    } else if (frame.type === 'snapshotEnd') {
      stored.snapshots += 1
      expect(frame.uploadCount).toBe(250)
    }
  }
}
