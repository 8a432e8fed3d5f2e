import http from 'node:http'
import https from 'node:https'
import { maxLinkMessageBytes } from '@rushes/protocol'
import { WebSocket } from 'ws'
import { errorCode } from '../agent-error.ts'
import type { LinkClock } from './link-clock.ts'
import type { CloseCode, LostCause } from './link-machine.ts'

/** What a socket tells. After `refused` or `lost`, and after `close` was called, it tells nothing more. */
export type SocketListener = {
  opened(): void
  refused(status: number, retryAfterMs: number): void
  /** One message; null where it was not text. */
  message(text: string | null): void
  /** Anything at all came in, pings and pongs too. */
  heard(): void
  /** What was sent has gone out to the network. */
  flushed(): void
  lost(cause: LostCause, detail: string): void
}

export type LinkSocket = {
  send(text: string): void
  ping(): void
  bufferedBytes(): number
  close(code: CloseCode): void
  /** Resolves when nothing of it is left. */
  gone: Promise<void>
}

/** How long the other side may take to answer a close before the connection is cut. */
const closeWithinMs = 1_000

/**
 * Opens a WebSocket of the control link. The listener is never called before this has returned. No Origin is sent: the gateway
 * refuses any, as only browsers send one. Redirects are not followed: the secret goes where the pairing said and nowhere else.
 */
export function openSocket(
  target: { url: string; bearer: string; clock: LinkClock },
  listener: SocketListener,
): LinkSocket {
  const { promise: gone, resolve: resolveGone } = Promise.withResolvers<void>()
  let ws: WebSocket
  try {
    ws = new WebSocket(target.url, {
      headers: { authorization: `Bearer ${target.bearer}` },
      perMessageDeflate: false,
      maxPayload: maxLinkMessageBytes,
      followRedirects: false,
      // Read at this moment: a proxy of the environment is set on it.
      agent: target.url.startsWith('wss:') ? https.globalAgent : http.globalAgent,
    })
  } catch (error) {
    // A secret or an address that no header or request can hold: reported as any other failure to connect.
    setImmediate(() => tell(() => listener.lost('unreachable', errorCode(error))))
    resolveGone()
    return { send: () => {}, ping: () => {}, bufferedBytes: () => 0, close: () => silence(), gone }
  }

  let isSilent = false
  let cancelCut = () => {}
  function silence() {
    isSilent = true
  }
  function tell(say: () => void) {
    if (!isSilent) say()
  }
  const end = (say: () => void) => {
    tell(say)
    silence()
  }

  ws.on('open', () => tell(() => listener.opened()))
  ws.on('unexpected-response', (request, response) => {
    end(() => listener.refused(response.statusCode ?? 0, retryAfterMs(response.headers['retry-after'])))
    request.destroy()
    // With a listener for the response ws leaves the rest to it: without this it would stay "connecting" for ever.
    ws.terminate()
  })
  ws.on('message', (data, isBinary) => {
    tell(() => listener.heard())
    tell(() => listener.message(isBinary ? null : data.toString()))
  })
  ws.on('ping', () => tell(() => listener.heard()))
  ws.on('pong', () => tell(() => listener.heard()))
  ws.on('error', (error) => end(() => listener.lost(lostCause(errorCode(error)), errorCode(error))))
  ws.on('close', (code) => {
    end(() => listener.lost('closedByGateway', `close ${code}`))
    cancelCut()
    resolveGone()
  })

  return {
    gone,
    send: (text) => ws.send(text, () => tell(() => listener.flushed())),
    ping: () => {
      if (ws.readyState === WebSocket.OPEN) ws.ping()
    },
    bufferedBytes: () => ws.bufferedAmount,
    close: (code) => {
      silence()
      if (ws.readyState === WebSocket.CLOSED) return
      if (code === null || ws.readyState === WebSocket.CONNECTING) return ws.terminate()
      ws.close(code)
      cancelCut = target.clock.schedule(() => ws.terminate(), closeWithinMs)
    },
  }
}

function lostCause(code: string): LostCause {
  if (code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') return 'oversizeFrame'
  return code.startsWith('WS_ERR_') ? 'malformedFrames' : 'unreachable'
}

/** Seconds, as our gateway sends them; the other form, a date, would need a right clock and is passed over. */
function retryAfterMs(header: string | undefined): number {
  const seconds = Number(header)
  return Number.isFinite(seconds) && seconds > 0 ? seconds * 1_000 : 0
}
