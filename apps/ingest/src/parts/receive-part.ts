import type { IncomingMessage } from 'node:http'
import { acknowledgeParts, type FoundPart, findParts } from '@rushes/fleet'
import type { DatabaseCall } from '../database-call.ts'
import type { Gathering } from '../store/folder/gathering.ts'
import type { PartClaims } from './part-claims.ts'
import { type BodyEnd, readBody } from './read-body.ts'
import { startXxh64 } from './xxh64.ts'

export type ReceivePartInput = {
  assetId: string
  number: number
  /** Of the URL that it came by. */
  generation: number
  contentLengthBytes: number
  body: IncomingMessage
}

export type ReceivePartOutcome =
  /** Durable, and written down as such. `isWhole`: it was the last one missing. */
  | { kind: 'stored'; xxh64: string; isWhole: boolean }
  | { kind: 'noSuchUpload' }
  | { kind: 'superseded' }
  | { kind: 'wrongLength'; registeredBytes: number }
  /** Refused before a byte was taken. */
  | { kind: 'noRoom' }
  | Exclude<BodyEnd, { kind: 'complete' }>

export type PartReceiver = (input: ReceivePartInput) => Promise<ReceivePartOutcome>

export type PartReceiving = {
  call: DatabaseCall
  gathering: Gathering
  /** Whether this program may write parts at their places: of several on one store only one may. */
  mayWriteInPlace: () => boolean
  claims: PartClaims
  /** Room for more in the store, in bytes; null where there is no end to it. */
  roomBytes: () => Promise<number | null>
  onAcknowledged: (sizeBytes: number) => void
  stallMs: number
  /** How long a part that has arrived waits for a database that is away. */
  acknowledgeWaitMs: number
}

/**
 * Takes in the bytes of one part: streamed to disk and digested, synced, then acknowledged, in this order, so that an
 * acknowledged part is never without its bytes. Acknowledged bytes are never written over: the same part again is written
 * apart, compared, and if it differs its acknowledgement makes the new bytes count, in one step.
 */
export function createPartReceiver(given: PartReceiving): PartReceiver {
  const { call, gathering, claims } = given
  const findPart = call.together(findParts)
  const acknowledgePart = call.together(acknowledgeParts)

  return async (input) => {
    // Taken before the row is read: an assembly that begins after the row was read waits for whoever has a claim.
    const claim = given.mayWriteInPlace() ? claims.tryTake(input.assetId, input.number) : null
    try {
      const part = await findPart(input, { turn: input.assetId })
      const refusal = refusalOf(part, input)
      if (refusal !== null) return refusal
      if (part === null) return { kind: 'noSuchUpload' }
      const { offsetBytes } = part
      const isOpen = part.assetState === 'created'
      if (isOpen && claim !== null && offsetBytes !== null && part.acknowledgedXxh64 === null)
        return (await hasRoom()) ? await takeInPlace(offsetBytes, claim.displaced) : { kind: 'noRoom' }
      claim?.release()
      if (!isOpen) return await compareOnly(part, input)
      return (await hasRoom()) ? await takeApart() : { kind: 'noRoom' }
    } finally {
      claim?.release()
    }

    async function takeInPlace(offsetBytes: number, displaced: AbortSignal): Promise<ReceivePartOutcome> {
      const digest = startXxh64()
      const writer = await gathering.writeInPlace(input.assetId, offsetBytes)
      try {
        const end = await readBody(input.body, { ...limits(), displaced }, (chunk) => {
          digest.update(chunk)
          return writer.write(chunk)
        })
        if (end.kind !== 'complete') return end
        await writer.sync()
      } finally {
        await writer.close()
      }
      return acknowledge(digest.digest(), offsetBytes)
    }

    async function takeApart(): Promise<ReceivePartOutcome> {
      const digest = startXxh64()
      const writer = await gathering.writeApart(input.assetId)
      try {
        const end = await readBody(input.body, { ...limits(), displaced: null }, (chunk) => {
          digest.update(chunk)
          return writer.write(chunk)
        })
        if (end.kind !== 'complete') return end
        await writer.sync()
        const xxh64 = digest.digest()
        const part = await findPart(input, { turn: input.assetId, waitMs: given.acknowledgeWaitMs })
        const refusal = refusalOf(part, input)
        if (refusal !== null) return refusal
        if (part?.acknowledgedXxh64 === xxh64) return { kind: 'stored', xxh64, isWhole: false }
        if (part?.assetState !== 'created') return { kind: 'noSuchUpload' }
        if (!(await writer.keepAs(input.number, xxh64))) return { kind: 'noSuchUpload' }
        const outcome = await acknowledge(xxh64, null)
        // Whoever still writes this part in place, perhaps a connection that died unnoticed, is too late.
        if (outcome.kind === 'stored') claims.displace(input.assetId, input.number)
        return outcome
      } finally {
        await writer.drop()
      }
    }

    async function acknowledge(receivedXxh64: string, writtenAtBytes: number | null): Promise<ReceivePartOutcome> {
      const { assetId, number, generation, contentLengthBytes: sizeBytes } = input
      const outcome = await acknowledgePart(
        { assetId, number, generation, sizeBytes, receivedXxh64, writtenAtBytes },
        { turn: assetId, waitMs: given.acknowledgeWaitMs },
      )
      if (outcome.kind === 'acknowledged') {
        given.onAcknowledged(sizeBytes)
        return { kind: 'stored', xxh64: receivedXxh64, isWhole: outcome.isWhole }
      }
      const part = await findPart(input, { turn: assetId })
      const refusal = refusalOf(part, input)
      if (refusal !== null) return refusal
      if (part?.acknowledgedXxh64 === receivedXxh64) return { kind: 'stored', xxh64: receivedXxh64, isWhole: false }
      return part?.assetState === 'created' ? { kind: 'displaced' } : { kind: 'noSuchUpload' }
    }

    async function hasRoom(): Promise<boolean> {
      const roomBytes = await given.roomBytes()
      return roomBytes === null || roomBytes >= input.contentLengthBytes
    }

    function limits() {
      return { contentLengthBytes: input.contentLengthBytes, stallMs: given.stallMs }
    }
  }

  /** The clip is whole: the same bytes again are answered as they were the first time, and written nowhere. */
  async function compareOnly(part: FoundPart, input: ReceivePartInput): Promise<ReceivePartOutcome> {
    if (part.assetState === 'failed' || part.assetState === 'closed') return { kind: 'noSuchUpload' }
    const digest = startXxh64()
    const { contentLengthBytes, body } = input
    const end = await readBody(
      body,
      { contentLengthBytes, stallMs: given.stallMs, displaced: null },
      (chunk) => void digest.update(chunk),
    )
    if (end.kind !== 'complete') return end
    const xxh64 = digest.digest()
    return part.acknowledgedXxh64 === xxh64 ? { kind: 'stored', xxh64, isWhole: false } : { kind: 'noSuchUpload' }
  }
}

/** What an upload of a part is refused for, whatever its bytes; null when for nothing. */
export function refusalOf(part: FoundPart | null, input: ReceivePartInput): ReceivePartOutcome | null {
  if (part === null || part.assetState === 'failed' || part.assetState === 'closed') return { kind: 'noSuchUpload' }
  if (part.generation !== input.generation) return { kind: 'superseded' }
  if (part.sizeBytes !== input.contentLengthBytes) return { kind: 'wrongLength', registeredBytes: part.sizeBytes }
  return null
}
