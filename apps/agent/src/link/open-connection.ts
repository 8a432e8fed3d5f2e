import { type AgentFrame, type GatewayFrame, maxLinkMessageBytes } from '@rushes/protocol'
import type { Logger } from 'pino'
import { type Heartbeat, startHeartbeat } from './heartbeat.ts'
import type { LinkClock } from './link-clock.ts'
import type { CloseCode, LostCause } from './link-machine.ts'
import { openSocket } from './open-socket.ts'
import { type ParsedGatewayFrame, parseGatewayFrame } from './parse-gateway-frame.ts'

/** Frames that make no sense, on one connection, before it is given up. */
const maxMalformedFrames = 3
const maxUnknownTypesTold = 10
const binaryMessage: ParsedGatewayFrame = { kind: 'malformed', problem: 'a binary message' }
/** With more than this on its way out nothing more is handed to the socket: about one frame. */
const highWaterBytes = maxLinkMessageBytes

/** What a connection tells; nothing after `refused`, `lost` or `close`. */
export type ConnectionListener = {
  opened(): void
  refused(status: number, retryAfterMs: number): void
  frame(frame: GatewayFrame): void
  /** There is room again after there was none. */
  roomMade(): void
  lost(cause: LostCause, detail: string): void
}

/** A socket that speaks frames. */
export type Connection = {
  send(frame: AgentFrame): void
  hasRoom(): boolean
  keepAlive(pingEveryMs: number): void
  /** Counts a frame that was well formed and came at the wrong time. */
  refuse(problem: string): void
  close(code: CloseCode): void
  gone: Promise<void>
}

/** Opens a connection to a gateway. The listener is never called before this has returned. */
export function openConnection(
  target: { url: string; bearer: string; clock: LinkClock; log: Logger },
  listener: ConnectionListener,
): Connection {
  const { clock, log } = target
  let heartbeat: Heartbeat | null = null
  let malformedCount = 0
  let wasFull = false
  const unknownTypes = new Set<string>()

  const socket = openSocket(target, {
    opened: () => listener.opened(),
    refused: (status, retryAfterMs) => listener.refused(status, retryAfterMs),
    message: (text) => receive(text),
    heard: () => heartbeat?.heard(),
    flushed: () => {
      if (!wasFull || !hasRoom()) return
      wasFull = false
      listener.roomMade()
    },
    lost: (cause, detail) => lose(cause, detail),
  })

  function receive(text: string | null): void {
    const parsed = text === null ? binaryMessage : parseGatewayFrame(text)
    switch (parsed.kind) {
      case 'frame':
        listener.frame(parsed.frame)
        return
      case 'malformed':
        refuse(parsed.problem)
        return
      case 'unknownType':
        // Told once per type, and for a few types only: the other side must not be able to fill the log.
        if (unknownTypes.size >= maxUnknownTypesTold || unknownTypes.has(parsed.frameType)) return
        unknownTypes.add(parsed.frameType)
        log.info({ frameType: parsed.frameType }, 'the gateway sends frames that this version does not know')
    }
  }

  function refuse(problem: string): void {
    malformedCount += 1
    log.warn({ problem, malformedCount }, 'the gateway sent a frame that makes no sense')
    if (malformedCount >= maxMalformedFrames) lose('malformedFrames', problem)
  }

  function lose(cause: LostCause, detail: string): void {
    heartbeat?.stop()
    listener.lost(cause, detail)
  }

  const hasRoom = () => {
    const isFull = socket.bufferedBytes() >= highWaterBytes
    wasFull ||= isFull
    return !isFull
  }

  return {
    hasRoom,
    refuse,
    gone: socket.gone,
    send: (frame) => {
      const text = JSON.stringify(frame)
      if (Buffer.byteLength(text) > maxLinkMessageBytes) {
        throw new RangeError(`a ${frame.type} frame is larger than a message may be`)
      }
      socket.send(text)
    },
    keepAlive: (pingEveryMs) => {
      heartbeat?.stop()
      heartbeat = startHeartbeat({
        clock,
        pingEveryMs,
        ping: () => socket.ping(),
        silent: () => lose('silent', 'nothing was heard'),
      })
    },
    close: (code) => {
      heartbeat?.stop()
      socket.close(code)
    },
  }
}
