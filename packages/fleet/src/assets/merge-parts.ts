import { maxFileSizeBytes, minPartSizeBytes, type RealtimePartsRequest } from '@rushes/protocol'

/** A registered part of a real-time upload with what decides whether it may still change. */
export type KnownPart = {
  number: number
  sizeBytes: number
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
  /** From this number on parts have no place until they are assembled; null while no place that was given has moved. */
  apartFrom: number | null
}

export type MergePartsOutcome =
  | ({ kind: 'merged'; parts: MergedPart[] } & KnownUpload)
  | { kind: 'refused'; detail: string }

/**
 * Adds the parts of a request to those that are registered. A number that was there gets a new generation, so that its older
 * URL dies, and the new size. Exactly one part may be final, the one with the highest number, and then the sizes add up to the
 * asset's. A part's place is known once all lower numbers are, or once the final part is. Where a place that was given moves,
 * a PUT by an older URL may still be writing: nothing is written in place there any more.
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
      offsetBytes: before?.offsetBytes ?? null,
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

  return place(known, parts, final !== undefined, { ...upload, filesizeBytes })
}

/** Gives every part its offset that can have one. */
function place(
  known: readonly KnownPart[],
  parts: MergedPart[],
  isFinished: boolean,
  upload: KnownUpload,
): MergePartsOutcome {
  const offsets = offsetsOf(parts, isFinished)
  const heldBytes = firstMovedPlace(known, parts, offsets)
  let { apartFrom } = upload
  for (const [index, part] of parts.entries()) {
    const offset = offsets[index] ?? null
    // Its bytes lie where they belonged when they came; a lower part of another size would shift them.
    if (part.isAcknowledged && part.offsetBytes !== null && offset !== null && part.offsetBytes !== offset)
      return {
        kind: 'refused',
        detail: `parts: a lower part cannot change its size any more, because part ${part.number} has arrived`,
      }
    if (part.isAcknowledged && offset === null) continue
    const isHeld = !part.isAcknowledged && offset !== null && offset + part.sizeBytes > heldBytes
    if (isHeld) apartFrom = Math.min(apartFrom ?? part.number, part.number)
    const isApart = !part.isAcknowledged && apartFrom !== null && part.number >= apartFrom
    const placed = isApart ? null : offset
    if (part.offsetBytes === placed) continue
    part.offsetBytes = placed
    part.changed = true
  }
  return { kind: 'merged', parts, filesizeBytes: upload.filesizeBytes, apartFrom }
}

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

/** The lowest place that was given and is not the same any more: whoever was given it may be writing from there on. */
function firstMovedPlace(
  known: readonly KnownPart[],
  parts: readonly MergedPart[],
  offsets: readonly (number | null)[],
): number {
  const now = new Map(parts.map((part, index) => [part.number, { offset: offsets[index], sizeBytes: part.sizeBytes }]))
  const moved = known.flatMap(({ number, offsetBytes, sizeBytes }) => {
    const is = now.get(number)
    return offsetBytes === null || (is?.offset === offsetBytes && is.sizeBytes === sizeBytes) ? [] : [offsetBytes]
  })
  return moved.reduce((lowest, offset) => Math.min(lowest, offset), Number.POSITIVE_INFINITY)
}
