import { maxFileSizeBytes, minPartSizeBytes, type RealtimePartsRequest } from '@rushes/protocol'

/** A registered part of a real-time upload with what decides whether it may still change. */
export type KnownPart = {
  number: number
  sizeBytes: number
  /** Its place in the file that gathers the parts: where its bytes are, or are being, written. Null while it was given none. */
  offsetBytes: number | null
  isFinal: boolean
  generation: number
  isAcknowledged: boolean
}

export type MergedPart = KnownPart & {
  /** New, or another place, size, finality or generation than before. */
  changed: boolean
}

export type KnownUpload = {
  filesizeBytes: number | null
  /** Whether a place that was given is not where its part will lie in the clip, or was taken back: then no more are given. */
  placesMoved: boolean
}

export type MergePartsOutcome =
  | ({ kind: 'merged'; parts: MergedPart[] } & KnownUpload)
  | { kind: 'refused'; detail: string }

/**
 * Adds the parts of a request to those that are registered. A number that was there gets a new generation, so that its older
 * URL dies, and the new size. Exactly one part may be final, the one with the highest number, and then the sizes add up to the
 * asset's. A part is given its place once all lower numbers are known, or once the final part is, and keeps it as long as its size is the
 * same, even where a lower part that grew or came in between moves it up in the clip: its bytes may be there, or on their way. Assembly
 * moves it.
 */
export function mergeParts(
  known: readonly KnownPart[],
  request: Pick<RealtimePartsRequest, 'parts' | 'asset_filesize'>,
  upload: KnownUpload,
): MergePartsOutcome {
  const refused = (detail: string): MergePartsOutcome => ({ kind: 'refused', detail })
  const numbers = new Set(request.parts.map((part) => part.number))
  if (numbers.size !== request.parts.length) return refused('parts: each number may be named once in a request')

  const byNumber = new Map<number, MergedPart>(known.map((part) => [part.number, { ...part, changed: false }]))
  for (const { number, size, is_final } of request.parts) {
    const before = byNumber.get(number)
    const sameBytes = before?.sizeBytes === size
    byNumber.set(number, {
      number,
      sizeBytes: size,
      offsetBytes: sameBytes ? before.offsetBytes : null,
      isFinal: is_final,
      generation: (before?.generation ?? 0) + 1,
      isAcknowledged: (before?.isAcknowledged ?? false) && sameBytes,
      changed: true,
    })
  }
  const parts = [...byNumber.values()].sort((a, b) => a.number - b.number)
  const last = parts.at(-1)
  const finals = parts.filter((part) => part.isFinal)
  if (finals.length > 1) return refused('parts: only one part may be final')
  if (finals.length === 1 && last?.isFinal !== true)
    return refused('parts: the final part must have the highest number')
  const arrivedFinal = known.find((part) => part.isFinal && part.isAcknowledged)
  if (arrivedFinal !== undefined && last?.number !== arrivedFinal.number)
    return refused(`parts: the final part, number ${arrivedFinal.number}, has arrived`)
  if (arrivedFinal !== undefined && last?.isFinal !== true)
    return refused(`parts: part ${arrivedFinal.number} has arrived as the final one`)
  const tooSmall = parts.find((part) => !part.isFinal && part.sizeBytes < minPartSizeBytes)
  if (tooSmall !== undefined)
    return refused(`parts: part ${tooSmall.number} is smaller than ${minPartSizeBytes} bytes and not final`)

  const totalBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0)
  if (totalBytes > maxFileSizeBytes) return refused(`parts: together larger than ${maxFileSizeBytes} bytes`)
  const final = finals[0]
  const asksForFinal = request.parts.some((part) => part.is_final)
  if (asksForFinal && (request.asset_filesize ?? null) === null)
    return refused('asset_filesize is required when a part is final')
  const filesizeBytes =
    final === undefined ? null : asksForFinal ? (request.asset_filesize ?? null) : upload.filesizeBytes
  if (filesizeBytes !== null && filesizeBytes !== totalBytes)
    return refused(`asset_filesize is ${filesizeBytes}, but the registered parts have ${totalBytes} bytes`)

  const offsets = offsetsOf(parts, final !== undefined)
  const placesMoved = upload.placesMoved || haveMoved(known, parts, offsets)
  // Whoever has a place that moved, or had one that was taken back, may be writing there: with no new places nobody meets them.
  return { kind: 'merged', parts: placesMoved ? parts : placed(parts, offsets), filesizeBytes, placesMoved }
}

/** Gives every part the place that it can have. */
const placed = (parts: readonly MergedPart[], offsets: readonly (number | null)[]): MergedPart[] =>
  parts.map((part, index) => {
    const offsetBytes = offsets[index] ?? null
    return part.offsetBytes === offsetBytes ? part : { ...part, offsetBytes, changed: true }
  })

/** Where each part begins; null from the first number on below which one may still be registered. */
function offsetsOf(parts: readonly MergedPart[], isFinished: boolean): (number | null)[] {
  let offset: number | null = 0
  let next = 1
  return parts.map((part) => {
    if (part.number !== next && !isFinished) offset = null
    next = part.number + 1
    const begin = offset
    if (offset !== null) offset += part.sizeBytes
    return begin
  })
}

/** Whether a place that was given is not where its part begins, or its part has another size now. */
function haveMoved(
  known: readonly KnownPart[],
  parts: readonly MergedPart[],
  offsets: readonly (number | null)[],
): boolean {
  const now = new Map(parts.map((part, index) => [part.number, { offset: offsets[index], sizeBytes: part.sizeBytes }]))
  return known.some(({ number, offsetBytes, sizeBytes }) => {
    const is = now.get(number)
    return offsetBytes !== null && (is?.offset !== offsetBytes || is.sizeBytes !== sizeBytes)
  })
}
