import { readFileSync } from 'node:fs'
import { openOnDisk, openSource, SourceProblemError } from '../../src/destination/part-source.ts'
import type {
  CallFailure,
  CreateOutcome,
  Destination,
  PartOutcome,
  RealtimePartsOutcome,
} from '../../src/destination/port.ts'
import { hashBytes } from '../../src/xxh64.ts'
import { Asset } from '../simulated-destination/asset.ts'
import { Device } from '../simulated-destination/device.ts'

/** What happens to the next call. `crash`: the process dies when the call has come through; `crashBefore`: before it does. */
export type Mishap = 'none' | 'loseReply' | 'drop' | 'crash' | 'crashBefore' | 'expired'

/** Thrown where the process would have died. */
export class Crash extends Error {
  override readonly name = 'Crash'
}

const network: CallFailure = { kind: 'network', code: 'ECONNRESET', class: 'reset', requestSent: true }
const refused = (status: number, title: string): CallFailure => ({
  ...{ kind: 'reply', status, contentType: 'application/json', retryAfterMs: null, rateLimit: null },
  body: JSON.stringify({ code: status, errors: [{ code: status, detail: title, status, title }], message: title }),
})
const expired: CallFailure = {
  ...{ kind: 'reply', status: 403, contentType: 'application/xml', retryAfterMs: null, rateLimit: null },
  body: '<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>',
}

/** Parts of a destination's assets in memory, with bounds of its own, and a mishap for each call. */
export class GrowingDestination {
  readonly assets: Asset[] = []
  readonly violations: string[] = []
  /** Of each asset the one that it is a newer version of. */
  readonly versions: (string | null)[] = []
  projectId = 'project-a'
  mishap: Mishap = 'none'
  /** As a destination may that keeps parts in their places. */
  refusesOtherSizes = false
  /** As a destination may that takes whole files alone, or none of this kind. */
  refuses: readonly ('growingCreate' | 'addresses' | 'wholeCreate')[] = []
  /** Called while a create or a request for addresses is under way. */
  onCall: (call: 'create' | 'addresses') => void = () => undefined
  refusedCreates = 0
  /** When the clips were captured, by their creates. */
  readonly capturedAt: number[] = []
  /** Windows in which sharing is paused, by the device's clock, which is right. */
  readonly pauses: { fromMs: number; toMs: number }[] = []
  readonly #isOurs: boolean
  readonly #minPartBytes: number
  readonly #now: () => number
  /** Digests by address that were acknowledged with a reply that came. */
  readonly #heard = new Map<string, string>()

  constructor(isOurs: boolean, minPartBytes: number, now: () => number) {
    this.#isOurs = isOurs
    this.#minPartBytes = minPartBytes
    this.#now = now
  }

  /** The asset that an upload of this name made whole, the newest last. */
  complete(): Asset[] {
    return this.assets.filter((asset) => asset.isComplete)
  }

  port(): Destination {
    const unused = () => Promise.reject(new Error('not called here'))
    return {
      ...{ baseUrl: 'http://model', requestPairingCode: unused, pollPairing: unused, refresh: unused, revoke: unused },
      ...{ me: unused, heartbeat: unused, health: async () => ({ kind: 'healthy' }) },
      additions: this.#isOurs
        ? {
            ...{ exchangeDeviceSecret: unused, putCustody: unused, putPurgeReceipt: unused, listAssets: unused },
            getAsset: async ({ assetId }: { assetId: string }) => this.#custodyOf(assetId),
          }
        : null,
      createAsset: async (request) => this.#create(request),
      requestRealtimeParts: async (request) => this.#register(request),
      putPart: async (request) => this.#put(request),
    } as Destination
  }

  /** Plays the mishap of the moment around what the call does. */
  async #around<T>(work: () => Promise<T> | T): Promise<T | { kind: 'failed'; failure: CallFailure }> {
    const { mishap } = this
    this.mishap = 'none'
    if (mishap === 'crashBefore') throw new Crash()
    if (mishap === 'drop') return { kind: 'failed', failure: network }
    const done = await work()
    if (mishap === 'crash') throw new Crash()
    return mishap === 'loseReply' ? { kind: 'failed', failure: network } : done
  }

  #create(request: Parameters<Destination['createAsset']>[0]): Promise<CreateOutcome> {
    return this.#around((): CreateOutcome => {
      const capturedAt = this.#now() - request.offsetSeconds() * 1_000
      // A second on either side: offsets come in whole seconds.
      if (this.pauses.some(({ fromMs, toMs }) => capturedAt >= fromMs - 1_000 && capturedAt <= toMs + 1_000))
        return { kind: 'failed', failure: refused(409, 'Channel Paused') }
      const sizeBytes = request.kind === 'complete' ? request.sizeBytes : null
      this.onCall('create')
      if (this.refuses.includes(sizeBytes === null ? 'growingCreate' : 'wholeCreate')) {
        this.refusedCreates++
        return { kind: 'failed', failure: refused(400, 'Bad Request') }
      }
      const known = this.#isOurs
        ? this.assets.find((asset) => asset.idempotencyKey === request.idempotencyKey && !asset.isClosed)
        : undefined
      if (known !== undefined && known.isRealtime !== (sizeBytes === null))
        this.violations.push('one key for two kinds of asset')
      const asset = known ?? this.#add(request.name ?? `[new]${request.extension}`, sizeBytes, request.idempotencyKey)
      if (known === undefined) {
        this.versions.push(request.versionOf ?? null)
        this.capturedAt.push(capturedAt)
      }
      const urls = sizeBytes === null ? [] : [...asset.parts.keys()].map((number) => `${asset.id}/${number}/0`)
      return { kind: 'created', assetId: asset.id, name: asset.name, uploadUrls: urls, rateLimit: null }
    })
  }

  #add(name: string, sizeBytes: number | null, idempotencyKey: string): Asset {
    const device = new Device({ id: 'd', clientId: 'c', name: 'n', isOurs: this.#isOurs, project: null })
    const asset = new Asset({
      ...{ id: `asset-${this.assets.length + 1}`, device, projectId: this.projectId, name, fileType: 'video/mp4' },
      ...{ sizeBytes, offsetSeconds: 0, channel: 0, idempotencyKey },
    })
    if (sizeBytes !== null) asset.registerPart(1, sizeBytes, true)
    this.assets.push(asset)
    return asset
  }

  #register(request: Parameters<Destination['requestRealtimeParts']>[0]): Promise<RealtimePartsOutcome> {
    return this.#around((): RealtimePartsOutcome => {
      this.onCall('addresses')
      if (this.refuses.includes('addresses')) return { kind: 'failed', failure: refused(400, 'Bad Request') }
      const asset = this.assets.find(({ id }) => id === request.assetId)
      if (asset === undefined || asset.isClosed) return { kind: 'failed', failure: refused(404, 'Not Found') }
      const parts = request.parts.map(({ number, sizeBytes, isFinal }) => ({
        number,
        size: sizeBytes,
        is_final: isFinal,
      }))
      const isResized = parts.some(({ number, size }) => (asset.parts.get(number)?.sizeBytes ?? size) !== size)
      if (isResized && this.refusesOtherSizes) return { kind: 'failed', failure: refused(400, 'another size') }
      const problem = asset.registerGrowing(parts, request.assetSizeBytes ?? null, this.#minPartBytes)
      if (problem !== null) return { kind: 'failed', failure: refused(400, problem) }
      const uploadUrls = parts.map(({ number }) => `${asset.id}/${number}/${asset.parts.get(number)?.signature}`)
      return { kind: 'addresses', uploadUrls, rateLimit: null }
    })
  }

  #put(request: Parameters<Destination['putPart']>[0]): Promise<PartOutcome> {
    if (this.mishap === 'expired') {
      this.mishap = 'none'
      return Promise.resolve({ kind: 'failed', failure: expired })
    }
    return this.#around(async (): Promise<PartOutcome> => {
      const [assetId, number, signature] = request.url.split('/')
      const asset = this.assets.find(({ id }) => id === assetId)
      const part = asset?.parts.get(Number(number))
      if (asset === undefined || part === undefined) return { kind: 'failed', failure: refused(404, 'gone') }
      if (asset.projectId !== this.projectId) this.violations.push(`a byte for ${asset.projectId} in ${this.projectId}`)
      if (asset.isRealtime && part.signature !== signature) return { kind: 'failed', failure: expired }
      const read = await readPart(request)
      if (read.kind === 'failed') return read
      if (read.bytes.byteLength !== part.sizeBytes) this.violations.push('a part of another size than registered')
      const outOfTurn = asset.outOfTurn(part)
      if (outOfTurn !== null) this.violations.push(outOfTurn)
      const xxh64 = hashBytes(read.bytes)
      const key = `${asset.id}/${part.number}`
      if (this.#heard.get(key) === xxh64) this.violations.push(`${key} was sent again with the same bytes`)
      if (this.mishapIsOver) this.#heard.set(key, xxh64)
      part.received = { sizeBytes: read.bytes.byteLength, xxh64, bytes: () => read.bytes }
      return { kind: 'stored', xxh64 }
    })
  }

  /** Set by the test: whether the reply of the call under way will come. */
  mishapIsOver = true

  #custodyOf(assetId: string) {
    const asset = this.assets.find(({ id }) => id === assetId)
    if (asset === undefined) return { kind: 'failed', failure: refused(404, 'Not Found') } as const
    const status = asset.isClosed ? 'closed' : asset.isComplete ? 'available' : 'created'
    const custody = { id: assetId, status, verified: 'no', missing: asset.missing, mismatch: null } as const
    return { kind: 'custody', custody } as const
  }
}

async function readPart({
  file,
}: Parameters<Destination['putPart']>[0]): Promise<
  { kind: 'read'; bytes: Buffer } | Extract<PartOutcome, { kind: 'failed' }>
> {
  try {
    const source = await openSource(openOnDisk, file)
    try {
      const bytes = Buffer.alloc(file.sizeBytes)
      await source.readFully(bytes, file.sizeBytes, file.offsetBytes)
      await source.verify()
      return { kind: 'read', bytes }
    } finally {
      await source.close()
    }
  } catch (error) {
    if (error instanceof SourceProblemError) return { kind: 'failed', failure: error.failure }
    throw error
  }
}

export const bytesOf = (path: string): Buffer => readFileSync(path)
