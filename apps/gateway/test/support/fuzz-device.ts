import type { LifecycleEvent } from '@rushes/protocol'
import type { SeededRandom } from '@rushes/test-kit'
import type { TestDevice } from './site.ts'
import { TestAgent, uploadChanged, uploadOf } from './test-agent.ts'

/** A device whose store survives what its connections do not: an outbox, and a record of every command that it carried out. */
export class FuzzDevice {
  readonly outbox: LifecycleEvent[] = []
  /** On record as carried out: given again, they are answered and nothing else. */
  readonly carriedOut = new Set<string>()
  private readonly identity: TestDevice
  private readonly random: SeededRandom
  private agent: TestAgent | null = null
  /** Sockets that were left behind, as by a device that moved to another network: open at the other end, and silent. */
  private readonly abandoned: TestAgent[] = []
  private storedSeq = 0

  constructor(identity: TestDevice, random: SeededRandom) {
    this.identity = identity
    this.random = random
  }

  happen(): void {
    const seq = this.outbox.length + 1
    this.outbox.push(uploadChanged(seq, uploadOf(`u${seq % 3}`, { bytesAcknowledged: seq })))
  }

  async connect(port: number): Promise<void> {
    if (this.agent !== null) this.leave('abandon')
    const { agent, welcome } = await TestAgent.greet(port, this.identity.secret)
    this.agent = agent
    this.storedSeq = Math.max(this.storedSeq, welcome.lastSeq)
    agent.snapshot([], { lastSeq: 0 })
    for (const executionId of this.carriedOut) this.answer(executionId)
  }

  leave(how: 'abandon' | 'terminate'): void {
    if (this.agent === null) return
    if (how === 'terminate') this.agent.socket.terminate()
    else this.abandoned.push(this.agent)
    this.agent = null
  }

  /** Sends what is not confirmed, in batches of any size, some of them twice and out of order. */
  tell(): void {
    const pending = this.outbox.filter((event) => event.seq > this.storedSeq)
    const batches: LifecycleEvent[][] = []
    for (let first = 0; first < pending.length; ) {
      const size = this.random.integer(1, 6)
      batches.push(pending.slice(first, first + size))
      first += size
    }
    const repeated = batches.filter(() => this.random.chance(0.3))
    for (const batch of [...this.random.shuffle([...batches, ...repeated]), ...batches]) this.agent?.events(...batch)
  }

  /** Takes in what came: confirmations, and commands, which it carries out once. Some answers are lost. */
  hear(lossProbability: number): void {
    const { agent } = this
    if (agent === null) return
    for (let frame = agent.take('eventsStored'); frame !== undefined; frame = agent.take('eventsStored')) {
      this.storedSeq = Math.max(this.storedSeq, frame.lastSeq)
    }
    for (let frame = agent.take('command'); frame !== undefined; frame = agent.take('command')) {
      const { executionId } = frame
      this.carriedOut.add(executionId)
      if (!this.random.chance(lossProbability)) this.answer(executionId)
    }
  }

  isConnected(): boolean {
    return this.agent !== null && this.agent.closed === null
  }

  end(): void {
    this.leave('terminate')
    for (const agent of this.abandoned) agent.socket.terminate()
  }

  private answer(executionId: string): void {
    const result = { fileCount: 0, byteCount: 0, idsXxh64: null, summary: 'done' }
    this.agent?.send({
      type: 'execution',
      update: { executionId, at: '2026-11-22T09:00:00.000Z', outcome: { state: 'succeeded', result } },
    })
  }
}
