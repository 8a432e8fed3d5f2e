import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Duplex } from 'node:stream'
import { type AgentFrame, agentFrame, type GatewayFrame, gatewayFrame } from '@rushes/protocol'
import { type WebSocket, WebSocketServer } from 'ws'
import { inbox } from './inbox.ts'

type FrameOf<Type extends AgentFrame['type']> = Extract<AgentFrame, { type: Type }>
type WelcomeFields = Partial<Extract<GatewayFrame, { type: 'welcome' }>>

/** One connection of an agent, played by the test frame by frame. */
export type GatewaySession = {
  /** Every frame so far, in order; each was parsed by the protocol's own schema. */
  received: AgentFrame[]
  /** Bytes of every message so far. */
  byteCounts: number[]
  /** The next frame that was not taken yet. */
  next(): Promise<AgentFrame>
  /** The next frame of that type; others before it are passed over. */
  nextOf<Type extends AgentFrame['type']>(type: Type): Promise<FrameOf<Type>>
  /** Takes the hello, sends a welcome, and takes the snapshot. */
  welcome(fields?: WelcomeFields): Promise<void>
  sendWelcome(fields?: WelcomeFields): void
  /** Takes frames up to the end of a snapshot. */
  takeSnapshot(): Promise<AgentFrame[]>
  /** Frames that come within a few turns of both sides, those not taken yet first. */
  settle(): Promise<AgentFrame[]>
  send(frame: GatewayFrame): void
  sendRaw(data: string | Buffer): void
  /** A ping and its pong: whatever was sent before has been taken in by the agent. */
  roundTrip(): Promise<void>
  /** The agent's next ping. */
  pinged(): Promise<void>
  /** Answers pings no more, as a machine that has vanished. */
  playDead(): void
  pauseReading(): void
  resumeReading(): void
  /** Cuts the connection without a word. */
  cut(): void
  /** The close code that the agent gave, or 1006. */
  closed: Promise<number>
}

export type ScriptedGateway = {
  url: string
  /** Headers of every upgrade so far. */
  upgrades: IncomingHttpHeaders[]
  /** Upgrades that are to be refused, in order; then they are accepted again. */
  refuse(...answers: { status: number; retryAfterSeconds?: number }[]): void
  /** Upgrades get no answer at all from now on. */
  ignoreUpgrades(): void
  /** The next upgrade that was refused or ignored. */
  nextUnanswered(): Promise<void>
  nextSession(): Promise<GatewaySession>
  stop(): Promise<void>
}

const serverTime = '2026-11-22T12:00:00.000Z'

/** A real WebSocket server on a free port that does nothing by itself but answer pings. */
export async function startScriptedGateway(): Promise<ScriptedGateway> {
  const http = createServer()
  const sockets = new Set<Duplex>()
  const wss = new WebSocketServer({ noServer: true, autoPong: false })
  const sessions = inbox<GatewaySession>('a connection')
  const unanswered = inbox<void>('an upgrade')
  const upgrades: IncomingHttpHeaders[] = []
  const refusals: { status: number; retryAfterSeconds?: number }[] = []
  let isIgnoring = false

  http.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  http.on('upgrade', (request, socket, head) => {
    upgrades.push(request.headers)
    socket.on('error', () => {})
    if (isIgnoring) return unanswered.put()
    const refusal = refusals.shift()
    if (refusal === undefined) {
      wss.handleUpgrade(request, socket, head, (ws) => sessions.put(sessionOf(ws)))
      return
    }
    const retryAfter = refusal.retryAfterSeconds === undefined ? '' : `retry-after: ${refusal.retryAfterSeconds}\r\n`
    socket.end(`HTTP/1.1 ${refusal.status} No\r\n${retryAfter}content-length: 0\r\nconnection: close\r\n\r\n`)
    unanswered.put()
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')

  return {
    url: `ws://127.0.0.1:${(http.address() as AddressInfo).port}/agent`,
    upgrades,
    refuse: (...answers) => void refusals.push(...answers),
    ignoreUpgrades: () => {
      isIgnoring = true
    },
    nextUnanswered: () => unanswered.take(),
    nextSession: () => sessions.take(),
    stop: async () => {
      for (const socket of sockets) socket.destroy()
      http.close()
      await once(http, 'close')
    },
  }
}

function sessionOf(ws: WebSocket): GatewaySession {
  const frames = inbox<AgentFrame>('a frame')
  const pings = inbox<void>('a ping')
  const received: AgentFrame[] = []
  const byteCounts: number[] = []
  let isDead = false
  ws.on('error', () => {})
  ws.on('ping', (data) => {
    if (!isDead) ws.pong(data)
    pings.put()
  })
  ws.on('message', (data, isBinary) => {
    if (isBinary) throw new Error('the agent sent a binary message')
    byteCounts.push((data as Buffer).byteLength)
    const frame = agentFrame.parse(JSON.parse(data.toString()))
    received.push(frame)
    frames.put(frame)
  })
  const closed = new Promise<number>((resolve) => ws.on('close', (code) => resolve(code)))

  const nextOf = async <Type extends AgentFrame['type']>(type: Type): Promise<FrameOf<Type>> => {
    for (;;) {
      const frame = await frames.take(type)
      if (isOf(frame, type)) return frame
    }
  }
  const takeSnapshot = async () => {
    const taken: AgentFrame[] = []
    do taken.push(await frames.take('snapshotEnd'))
    while (taken.at(-1)?.type !== 'snapshotEnd')
    return taken
  }
  const roundTrip = async () => {
    const ponged = once(ws, 'pong')
    ws.ping()
    await ponged
  }
  const sendWelcome = (fields: WelcomeFields = {}) =>
    ws.send(
      JSON.stringify({
        type: 'welcome',
        v: 1,
        gatewayId: 'gateway-1',
        serverTime,
        lastSeq: 0,
        reportEveryMs: 1_000,
        pingEveryMs: 10_000,
        ...fields,
      }),
    )

  return {
    received,
    byteCounts,
    next: () => frames.take(),
    nextOf,
    sendWelcome,
    takeSnapshot,
    welcome: async (fields) => {
      await nextOf('hello')
      sendWelcome(fields)
      await takeSnapshot()
    },
    settle: async () => {
      for (let turn = 0; turn < 3; turn += 1) await roundTrip()
      return frames.drain()
    },
    send: (frame) => ws.send(JSON.stringify(gatewayFrame.parse(frame))),
    sendRaw: (data) => ws.send(data),
    roundTrip,
    pinged: () => pings.take(),
    playDead: () => {
      isDead = true
    },
    pauseReading: () => ws.pause(),
    resumeReading: () => ws.resume(),
    cut: () => ws.terminate(),
    closed,
  }
}

const isOf = <Type extends AgentFrame['type']>(frame: AgentFrame, type: Type): frame is FrameOf<Type> =>
  frame.type === type
