import { looksLikeWebPage } from '@rushes/upload-core'
import type { Dispatcher } from 'undici'
import { isProven } from './address.ts'
import { header, type Reply } from './exchange.ts'
import { type OpenFile, openOnDisk } from './part-source.ts'
import type { PartOutcome, PutPart } from './port.ts'
import { replyFailure } from './reply-failure.ts'
import type { Throttle } from './throttle.ts'
import { isSuccess, type PartTransfer, transferPart } from './transfer-part.ts'

/** Sends a part and says what became of it. */
export async function putPart(
  settings: { dispatcher: Dispatcher; allowInsecure: boolean; throttle?: Throttle },
  request: PutPart,
  openFile: OpenFile = openOnDisk,
): Promise<PartOutcome> {
  return judgeTransfer(request, await transferPart(settings, request, openFile))
}

/** What a transfer came to. */
export const judgeTransfer = ({ url }: Pick<PutPart, 'url'>, transfer: PartTransfer): PartOutcome =>
  transfer.kind === 'replied' ? outcomeOf(transfer.reply, transfer.xxh64, url) : transfer

function outcomeOf(reply: Reply, xxh64: string | null, url: string): PartOutcome {
  const text = reply.text ?? ''
  if (!isSuccess(reply)) return { kind: 'failed', failure: replyFailure(reply, text, secretsOf(new URL(url))) }
  // A portal may say 200 to anything and nothing besides. Stores name what they have stored, so where nobody proves who answers they have to.
  const isNobodys = header(reply, 'etag') === null && !isProven(new URL(url))
  // Not from the destination: a page, an error under a success status, or a success before all bytes were there.
  const isPage = looksLikeWebPage(header(reply, 'content-type') ?? '', text)
  if (isNobodys || isPage || /<Error\b/.test(text) || xxh64 === null)
    return { kind: 'failed', failure: { kind: 'malformedReply', status: reply.statusCode } }
  return { kind: 'stored', xxh64 }
}

/** What makes the address a credential: its query, and whatever part of it is long enough to be a signature or a token. */
function secretsOf(url: URL): string[] {
  const pieces = [...url.pathname.split('/'), ...url.searchParams.values()]
  return [url.search.slice(1), ...pieces.filter((piece) => piece.length >= 16)]
}
