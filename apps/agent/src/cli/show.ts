import { reasons } from '@rushes/protocol'
import { AgentError } from '../agent-error.ts'
import type { ShownUpload } from '../local-api/clip-schemas.ts'
import type { Operations } from '../local-api/operations.ts'
import { type Output, shownBytes, shownText } from './output.ts'

/** Prints all that is known of one upload and its parts. */
export async function show(operations: Operations, id: string, output: Output): Promise<void> {
  const upload = await operations.show({ id })
  if (upload === null)
    throw new AgentError('SERVER_REFUSED', `there is no upload ${shownText(id)}`, 'rushes-agent list shows the ids.')
  output.print(upload, () => text(upload))
}

function text(upload: ShownUpload): string {
  const { reason, xxh64, error } = upload
  return [
    shownText(upload.path),
    `state       ${upload.state}${reason === null ? '' : ` · ${reasons[reason].title}`}`,
    `bytes       ${shownBytes(upload.bytesAcknowledged)} of ${shownBytes(upload.sizeBytes)} acknowledged, ${upload.partsDone} of ${upload.partsTotal} parts${upload.bytesLost === undefined ? '' : `; ${shownBytes(upload.bytesLost)} of it are sent again`}`,
    `xxh64       ${xxh64 ?? 'not known yet'}`,
    `asset       ${upload.assetId ?? '-'}`,
    `attempts    ${upload.attempts}${upload.nextAttemptAt === null ? '' : `, next at ${upload.nextAttemptAt}`}`,
    ...(error === null ? [] : [`last error  ${errorText(error)}`]),
    ...upload.parts.map((part) => {
      const tried = part.error === null ? '' : `  ${part.attempts} tries, last error: ${errorText(part.error)}`
      return `part ${String(part.number).padStart(5)}  ${part.state.padEnd(12)} ${shownBytes(part.sizeBytes).padStart(9)}  ${part.xxh64 ?? '-'.padEnd(16)}${tried}`
    }),
  ].join('\n')
}

type ShownError = { class?: string | undefined; code: string; message: string; at?: string | undefined }

const errorText = ({ class: of, code, message, at }: ShownError): string =>
  shownText(`${message} [${of ?? 'unknown'}: ${code}]${at === undefined ? '' : ` at ${at}`}`)
