import { randomUUID } from 'node:crypto'
import {
  type AgentFrame,
  type DeviceStatus,
  type GatewayFrame,
  gatewayFrame,
  type LifecycleEvent,
  type UploadReport,
} from '@rushes/protocol'
import { WebSocket } from 'ws'
import { until } from './until.ts'

type FrameOf<Type extends GatewayFrame['type']> = Extract<GatewayFrame, { type: Type }>

/** The device's end of a control link, frame by frame as a test says. */
export class TestAgent {
  readonly frames: GatewayFrame[] = []
  closed: { code: number } | null = null
  readonly socket: WebSocket

  private constructor(socket: WebSocket) {
    this.socket = socket
    socket.on('message', (data) => this.frames.push(gatewayFrame.parse(JSON.parse(String(data)))))
    socket.on('close', (code) => {
      this.closed = { code }
    })
    socket.on('error', () => undefined) // told by `closed`
  }

  static async open(port: number, secret: string): Promise<TestAgent> {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/agent`, { headers: { authorization: `Bearer ${secret}` } })
    const agent = new TestAgent(socket)
    const opened = Promise.withResolvers<void>()
    socket.once('open', () => opened.resolve())
    socket.once('error', opened.reject)
    await opened.promise
    return agent
  }

  /** Opens, says hello and hears welcome. */
  static async greet(port: number, secret: string, over: Partial<Extract<AgentFrame, { type: 'hello' }>> = {}) {
    const agent = await TestAgent.open(port, secret)
    agent.send({ ...hello, ...over })
    const welcome = await agent.next('welcome')
    return { agent, welcome }
  }

  send(frame: AgentFrame): void {
    this.socket.send(JSON.stringify(frame))
  }

  /** Tells everything: the status, the uploads in pages, the end. */
  snapshot(uploads: UploadReport[] = [], over: { status?: Partial<DeviceStatus>; lastSeq?: number } = {}): void {
    const snapshotId = randomUUID()
    this.send({ type: 'snapshotBegin', snapshotId, status: statusOf(over.status) })
    for (let first = 0; first < uploads.length; first += 50) {
      this.send({ type: 'snapshotUploads', snapshotId, uploads: uploads.slice(first, first + 50) })
    }
    this.send({ type: 'snapshotEnd', snapshotId, uploadCount: uploads.length, lastSeq: over.lastSeq ?? 0 })
  }

  events(...events: LifecycleEvent[]): void {
    this.send({ type: 'events', events })
  }

  /** The first frame of a type that was not taken yet; waits for it. */
  next<Type extends GatewayFrame['type']>(type: Type, withinMs?: number): Promise<FrameOf<Type>> {
    return until(`a ${type} frame`, () => this.take(type), withinMs)
  }

  take<Type extends GatewayFrame['type']>(type: Type): FrameOf<Type> | undefined {
    const index = this.frames.findIndex((frame) => frame.type === type)
    const [frame] = index < 0 ? [] : this.frames.splice(index, 1)
    return frame !== undefined && isOfType(frame, type) ? frame : undefined
  }

  async close(): Promise<void> {
    this.socket.terminate()
    await until('the socket to close', () => this.closed)
  }
}

function isOfType<Type extends GatewayFrame['type']>(frame: GatewayFrame, type: Type): frame is FrameOf<Type> {
  return frame.type === type
}

export const hello: Extract<AgentFrame, { type: 'hello' }> = {
  type: 'hello',
  v: 1,
  agentVersion: '1.2.3',
  bootId: 'boot-1',
  outboxId: 'outbox-1',
  hostname: 'cart-3',
  platform: 'linux',
  deviceTime: '2026-11-22T09:00:00.000Z',
  commandKinds: ['retryUploads', 'clearQueue', 'holdUploads', 'releaseUploads', 'assignProject'],
}

export const statusOf = (over: Partial<DeviceStatus> = {}): DeviceStatus => ({
  project: null,
  projectEpoch: 1,
  destination: 'http://ingest.test',
  destinationIsOurs: true,
  hold: null,
  blockedBy: null,
  uploadLink: { state: 'up', lastSuccessAt: null, lastError: null },
  counts: {},
  bytes: { captured: 0, acknowledged: 0, verified: 0, waiting: 0 },
  rateBytesPerSecond: 0,
  volumes: [],
  ...over,
})

export const uploadOf = (id: string, over: Partial<UploadReport> = {}): UploadReport => ({
  id,
  path: `/card/${id}.mov`,
  sizeBytes: 1_000,
  capturedAt: '2026-11-22T09:00:00.000Z',
  projectId: null,
  state: 'queued',
  reason: null,
  partsDone: 0,
  partsTotal: 1,
  bytesAcknowledged: 0,
  attempts: 0,
  error: null,
  assetId: null,
  nextAttemptAt: null,
  updatedAt: '2026-11-22T09:01:00.000Z',
  ...over,
})

export const uploadChanged = (seq: number, upload: UploadReport): LifecycleEvent => ({
  seq,
  bootId: 'boot-1',
  at: '2026-11-22T09:01:00.000Z',
  body: { kind: 'uploadChanged', upload },
})
