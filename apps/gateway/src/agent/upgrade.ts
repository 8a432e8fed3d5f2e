import { createHash } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Database } from '@rushes/db'
import { authenticateDeviceSecret } from '@rushes/fleet'
import { maxLinkMessageBytes } from '@rushes/protocol'
import type { Logger } from 'pino'
import { WebSocketServer } from 'ws'
import type { AgentConnections } from './connections.ts'
import { createStrangers } from './strangers.ts'

export type UpgradeHandler = (request: IncomingMessage, socket: Duplex, head: Buffer) => void

/** Handshakes that may wait for the database at once: a storm of reconnects is told to come later instead of piling up. */
const maxPendingHandshakes = 256
const bearer = /^Bearer (rushes_dev_([0-9a-f-]{36})\.[A-Za-z0-9_-]{20,128})$/

type Refusal = { status: 400 | 401 | 403 | 404 | 429 | 503; code: string; hint: string }

/**
 * Lets devices in at `/agent`: by their own secret alone, and never a browser, whose requests carry an `Origin`. C2C tokens are
 * good for uploading and for nothing here.
 */
export function agentUpgrades(options: {
  db: Database
  log: Logger
  now: () => Date
  remoteAddressOf: (request: IncomingMessage) => string | null
  connections: () => AgentConnections
  isDraining: () => boolean
}): UpgradeHandler {
  const server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxLinkMessageBytes,
    // An agent writes each message whole; many fragments are an attempt to fill the memory.
    maxFragments: 64,
    maxBufferedChunks: 512,
  })
  const strangers = createStrangers()
  let pendingCount = 0

  const admit = async (
    request: IncomingMessage,
    remoteAddress: string | null,
  ): Promise<Refusal | { deviceId: string; secretSha256: string }> => {
    if (request.headers.origin !== undefined) {
      return { status: 403, code: 'originRefused', hint: 'This address is for devices; a browser has no business here' }
    }
    const [, deviceSecret, namedId] = bearer.exec(request.headers.authorization ?? '') ?? []
    if (deviceSecret === undefined) {
      return {
        status: 401,
        code: 'secretMissing',
        hint: 'Send Authorization: Bearer with the device secret of the pairing',
      }
    }
    if (options.isDraining() || !options.connections().hasRoom || pendingCount >= maxPendingHandshakes) {
      return { status: 503, code: 'busy', hint: 'Come back in a moment' }
    }
    const secretSha256 = createHash('sha256').update(deviceSecret).digest('hex')
    const admitted = strangers.admit(secretSha256, remoteAddress, options.now().getTime())
    if (admitted === null) {
      return { status: 429, code: 'tooManyStrangers', hint: 'Too many unknown devices come from this address at once' }
    }
    pendingCount += 1
    let proof: 'good' | 'refused' | null = null
    try {
      const outcome = await authenticateDeviceSecret({ db: options.db, now: options.now() }, { deviceSecret })
      if (outcome.kind === 'refused' || outcome.device.id !== namedId) {
        proof = 'refused'
        return { status: 401, code: 'secretRefused', hint: 'The device was revoked, or paired anew: pair it again' }
      }
      proof = 'good'
      return { deviceId: outcome.device.id, secretSha256 }
    } catch (error) {
      options.log.error({ err: error }, 'a device could not be authenticated')
      return { status: 503, code: 'databaseUnreachable', hint: 'Come back in a moment' }
    } finally {
      admitted.end(proof)
      pendingCount -= 1
    }
  }

  return (request, socket, head) => {
    const remoteAddress = options.remoteAddressOf(request)
    // Until `ws` takes over, nobody else listens; a client that leaves must not take the process along.
    const onError = () => socket.destroy()
    socket.on('error', onError)
    void admit(request, remoteAddress).then((answer) => {
      if (socket.destroyed) return
      if ('status' in answer) {
        options.log.warn({ remoteAddress, code: answer.code }, 'a device was refused')
        refuse(socket, answer)
        return
      }
      server.handleUpgrade(request, socket, head, (webSocket) => {
        socket.off('error', onError)
        const { deviceId, secretSha256 } = answer
        options.connections().attach(webSocket, { deviceId, secretSha256, remoteAddress })
      })
    })
  }
}

const reasonPhrases: Record<Refusal['status'], string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
}

/** Answers an upgrade with an ordinary response. */
export function refuse(socket: Duplex, { status, code, hint }: Refusal): void {
  const body = `${JSON.stringify({ error: { code, hint } })}\n`
  const retry = status === 503 || status === 429 ? `retry-after: ${Math.ceil(1 + Math.random() * 9)}\r\n` : ''
  const challenge = status === 401 ? 'www-authenticate: Bearer realm="rushes"\r\n' : ''
  // The other side may never close its half, and no timeout of the HTTP server watches a socket that asked for an upgrade.
  socket.once('finish', () => socket.destroy())
  socket.end(
    `HTTP/1.1 ${status} ${reasonPhrases[status]}\r\nconnection: close\r\ncontent-type: application/json\r\n` +
      `${retry}${challenge}content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  )
}
