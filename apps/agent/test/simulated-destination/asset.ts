import { randomUUID } from 'node:crypto'
import type { CustodyRequest } from '@rushes/protocol'
import type { Device } from './device.ts'
import type { ReceivedPart } from './part-store.ts'

export type AssetPart = {
  number: number
  sizeBytes: number
  isFinal: boolean
  /** Part of its address; whoever knows it may write. */
  signature: string
  urlExpired: boolean
  received: ReceivedPart | null
  /** How often a reply of success was written out whole. */
  acknowledgedCount: number
  /** Requests that began to send it again after that. */
  sentAgainCount: number
}

/** A clip as the server keeps it. */
export class Asset {
  readonly id: string
  readonly device: Device
  readonly projectId: string
  readonly name: string
  readonly fileType: string
  readonly offsetSeconds: number
  readonly channel: number
  readonly isRealtime: boolean
  readonly idempotencyKey: string | null
  readonly parts = new Map<number, AssetPart>()
  sizeBytes: number | null
  isClosed = false
  custody: CustodyRequest | null = null

  constructor(options: {
    id: string
    device: Device
    projectId: string
    name: string
    fileType: string
    sizeBytes: number | null
    offsetSeconds: number
    channel: number
    idempotencyKey: string | null
  }) {
    this.id = options.id
    this.device = options.device
    this.projectId = options.projectId
    this.name = options.name
    this.fileType = options.fileType
    this.sizeBytes = options.sizeBytes
    this.offsetSeconds = options.offsetSeconds
    this.channel = options.channel
    this.isRealtime = options.sizeBytes === null
    this.idempotencyKey = options.idempotencyKey
  }

  /** One that was registered before gets a fresh address and keeps nothing else. */
  registerPart(number: number, sizeBytes: number, isFinal: boolean): AssetPart {
    const part = {
      number,
      sizeBytes,
      isFinal,
      signature: randomUUID().replaceAll('-', ''),
      urlExpired: false,
      received: null,
      acknowledgedCount: 0,
      sentAgainCount: 0,
    }
    this.parts.set(number, part)
    return part
  }

  /** The same create again: its parts get new addresses, and those that have arrived stay. */
  renewAddresses(): void {
    for (const part of this.parts.values()) {
      part.signature = randomUUID().replaceAll('-', '')
      part.urlExpired = false
    }
  }

  get isComplete(): boolean {
    const parts = [...this.parts.values()]
    return parts.some((part) => part.isFinal) && parts.every((part) => part.received !== null)
  }

  get missing(): number[] {
    return [...this.parts.values()].filter((part) => part.received === null).map((part) => part.number)
  }

  /** All bytes in the order of the part numbers. */
  bytes(): Buffer {
    const parts = [...this.parts.values()].sort((a, b) => a.number - b.number)
    return Buffer.concat(parts.map((part) => part.received?.bytes() ?? Buffer.alloc(0)))
  }

  /** The number of the first part whose stored bytes are not those that the device says it sent; null when all agree. */
  firstMismatch(custody: CustodyRequest): number | null {
    const told = new Map(custody.parts.map((part) => [part.number, part]))
    const numbers = [...new Set([...this.parts.keys(), ...told.keys()])].sort((a, b) => a - b)
    return (
      numbers.find((number) => {
        const received = this.parts.get(number)?.received
        const claim = told.get(number)
        return (
          received === undefined ||
          received === null ||
          claim?.size !== received.sizeBytes ||
          claim.xxh64 !== received.xxh64
        )
      }) ?? null
    )
  }
}
