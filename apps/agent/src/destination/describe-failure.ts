import { detailedError, simpleError } from '@rushes/protocol'
import { errorTitle, type Failure, type UploadError } from '@rushes/upload-core'
import { networkClass } from './network-failure.ts'
import type { NetworkClass, SourceFailure } from './port.ts'
import { parseJson } from './reply-failure.ts'

/** A failure in words for a log line, the queue and an operator: a stable code and one sentence. Never holds an address or a token. */
export function describeFailure(failure: Failure | SourceFailure): UploadError {
  switch (failure.kind) {
    case 'reply': {
      const { code, words } = wordsOf(failure.body)
      const status = `HTTP ${failure.status}`
      return {
        class: 'destination',
        code: code ?? `HTTP_${failure.status}`,
        message: words === null ? status : `${status}: ${words}`.slice(0, 500),
      }
    }
    case 'malformedReply':
      return {
        class: 'network',
        code: 'MALFORMED_REPLY',
        message: `HTTP ${failure.status} with a body that the destination would not send; perhaps the network asks for a sign-in`,
      }
    case 'network':
      return { class: 'network', code: failure.code, message: networkWords[networkClass(failure.code)] }
    case 'stalled':
      return { class: 'network', code: 'STALLED', message: 'Nothing moved for too long' }
    case 'source':
      return sourceError(failure)
  }
}

function wordsOf(body: string): { code: string | null; words: string | null } {
  const title = errorTitle(body)
  if (title !== null) {
    // The title names the kind of refusal; what a person can mend stands in the detail.
    const detail = detailedError.safeParse(parseJson(body)).data?.errors[0]?.detail ?? ''
    return { code: null, words: detail === '' || detail === title ? title : `${title}: ${detail}` }
  }
  const simple = simpleError.safeParse(parseJson(body))
  if (simple.success) return { code: simple.data.error, words: simple.data.error }
  const xmlCode = /<Code>([^<]{1,64})<\/Code>/.exec(body)?.[1]
  if (xmlCode === undefined) return { code: null, words: null }
  const message = /<Message>([^<]*)<\/Message>/.exec(body)?.[1]
  return { code: xmlCode, words: message === undefined ? xmlCode : `${xmlCode}: ${message}` }
}

const networkWords: Record<NetworkClass, string> = {
  name: 'The name of the destination could not be resolved',
  refused: 'Nothing listens at the destination',
  unreachable: 'No route leads to the destination',
  reset: 'The connection broke',
  timeout: 'The destination did not answer in time',
  tls: 'No encrypted connection that can be trusted could be made',
  protocol: 'The reply was not HTTP as it should be',
  insecure: 'The destination named an address that is not encrypted; nothing was sent to it',
  other: 'The request failed on the network',
}

const sourceWords: Record<SourceFailure['problem'], Omit<UploadError, 'class'>> = {
  missing: { code: 'SOURCE_MISSING', message: 'The file is not there' },
  changed: { code: 'SOURCE_CHANGED', message: 'The file was changed or replaced' },
  truncated: { code: 'SOURCE_TRUNCATED', message: 'The file has become shorter' },
  unreadable: { code: 'SOURCE_UNREADABLE', message: 'The file could not be read' },
  notARegularFile: { code: 'SOURCE_NOT_A_FILE', message: 'There is something else in the place of the file' },
}

function sourceError(failure: { problem: SourceFailure['problem']; code?: string }): UploadError {
  const { code, message } = sourceWords[failure.problem]
  const detail = failure.code ? { code: failure.code, message: `${message} (${failure.code})` } : { code, message }
  return { class: 'file', ...detail }
}
