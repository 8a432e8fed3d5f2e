import { type CreateAssetRequest, maxFileSizeBytes } from '@rushes/protocol'
import { chunkCountFor } from './chunk-count.ts'

export type CheckedCreate = {
  name: string
  nameIsDefault: boolean
  filetype: string
  offsetSeconds: number
  channel: number
  /** The clip that it says it is a newer version of. */
  versionOfId: string | null
} & ({ upload: 'fixed'; filesizeBytes: number; chunkCount: number } | { upload: 'realtime' })

export type CheckCreateOutcome =
  | { kind: 'valid'; create: CheckedCreate }
  /** Which field is wrong and what would be right. */
  | { kind: 'malformed'; detail: string }
  /** A count of parts that cannot be: the documents answer it with a 500 of its own. */
  | { kind: 'impossibleParts' }

/** Instants further away than this are nonsense, and too far for a calendar. */
const maxOffsetSeconds = 100 * 366 * 86_400

/** Whether the fields of a create go together, by the rules of the device API. */
export function checkCreate(request: CreateAssetRequest, encoding: 'json' | 'form'): CheckCreateOutcome {
  const malformed = (detail: string): CheckCreateOutcome => ({ kind: 'malformed', detail })
  const offsetSeconds = request.offset ?? 0
  if (Math.abs(offsetSeconds) > maxOffsetSeconds)
    return malformed('offset must be a number of seconds within 100 years')
  const channel = request.channel ?? 0
  if (channel > 2_147_483_647) return malformed('channel must be a small whole number')
  if (request.filetype !== undefined && !isMediaType(request.filetype))
    return malformed('filetype must be a media type such as video/mp4')
  const common = { offsetSeconds, channel, versionOfId: request.auto_version_id?.toLowerCase() ?? null }

  if (request.is_realtime_upload === true) {
    if (encoding === 'form') return malformed('real-time uploads are created with a JSON body')
    if (request.filetype === undefined) return malformed('filetype is required for a real-time upload')
    if (request.filesize !== undefined && request.filesize !== null)
      return malformed('filesize must be left out or null for a real-time upload')
    const { name = null } = request
    const extension = request.extension ?? undefined
    if (extension !== undefined && !/^\.[^/\\\p{Cc}]+$/u.test(extension))
      return malformed('extension must be a dot and what follows it, such as .mp4')
    if (name === null) {
      if (extension === undefined) return malformed('name or extension is required for a real-time upload')
      const made = { name: `[new file]${extension}`, nameIsDefault: true, filetype: request.filetype }
      return { kind: 'valid', create: { ...common, ...made, upload: 'realtime' } }
    }
    if (extension === undefined && !/[^.]\.[^.]+$/.test(name))
      return malformed('name must carry an extension when no extension is given')
    if (extension !== undefined && !name.toLowerCase().endsWith(extension.toLowerCase()))
      return malformed('name must end in the extension')
    return {
      kind: 'valid',
      create: { ...common, name, nameIsDefault: false, filetype: request.filetype, upload: 'realtime' },
    }
  }

  const { name = null } = request
  if (name === null) return malformed('name is required')
  const size = request.filesize
  if (size === undefined || size === null) return malformed('filesize is required unless is_realtime_upload is true')
  if (!Number.isInteger(size) || size < 1 || size > maxFileSizeBytes)
    return malformed(`filesize must be a whole number of bytes from 1 to ${maxFileSizeBytes}`)
  const chunkCount = chunkCountFor(size, request.parts)
  if (chunkCount === null) return { kind: 'impossibleParts' }
  const filetype = request.filetype ?? 'application/octet-stream'
  return {
    kind: 'valid',
    create: {
      ...common,
      name,
      nameIsDefault: false,
      filetype,
      upload: 'fixed',
      filesizeBytes: size,
      chunkCount,
    },
  }
}

/** What may stand in a Content-Type header without breaking out of it. */
const isMediaType = (text: string) => /^[\w.+-]+\/[\w.+-]+(\s*;[\x20-\x7e]*)?$/.test(text)
