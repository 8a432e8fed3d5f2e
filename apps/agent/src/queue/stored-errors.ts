import { type ErrorClass, errorClasses, type UploadError } from '@rushes/upload-core'
import type { Assignment } from './assignments.ts'
import type { Queue } from './open-queue.ts'
import { integer, type Row, text, textOrNull, word } from './row.ts'

/** The last error of an upload or of a part, with its time in milliseconds since 1970. */
export type StoredError = UploadError & { at: number }

/** Of a row with the columns `error_class`, `error_code`, `error_message` and `error_at`. */
export function readError(row: Row): StoredError | null {
  if (textOrNull(row, 'error_code') === null) return null
  return {
    class: word<ErrorClass>(row, 'error_class', errorClasses),
    code: text(row, 'error_code'),
    message: text(row, 'error_message'),
    at: integer(row, 'error_at'),
  }
}

/** The values of those columns, in that order; an error that is stored already keeps its time. */
const errorValues = (error: UploadError | StoredError | null, now: number) =>
  error === null
    ? ([null, null, null, null] as const)
    : ([error.class, error.code, error.message, 'at' in error ? error.at : now] as const)

/** The same, with the columns. */
export function errorAssignments(error: UploadError | StoredError | null, now: number): Assignment[] {
  const [errorClass, code, message, at] = errorValues(error, now)
  return [
    ['error_class', errorClass],
    ['error_code', code],
    ['error_message', message],
    ['error_at', at],
  ]
}

/** What went wrong last with an upload, beside its state. */
export function recordUploadError(queue: Queue, uploadId: string, error: UploadError): void {
  queue
    .sql('UPDATE uploads SET error_class = ?, error_code = ?, error_message = ?, error_at = ? WHERE id = ?')
    .run(...errorValues(error, queue.now()), uploadId)
}

/** What went wrong last with a part. It stays when the part arrives after all: it tells of the way there. */
export function recordPartError(queue: Queue, uploadId: string, number: number, error: UploadError): void {
  queue
    .sql(
      'UPDATE parts SET error_class = ?, error_code = ?, error_message = ?, error_at = ? WHERE upload_id = ? AND number = ?',
    )
    .run(...errorValues(error, queue.now()), uploadId, number)
}
