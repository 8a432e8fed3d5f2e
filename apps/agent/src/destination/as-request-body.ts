import type { Dispatcher } from 'undici'

/** undici documents and accepts async iterables as bodies (it looks for `Symbol.asyncIterator`); its types leave them out. */
export function asRequestBody(chunks: AsyncIterable<Uint8Array>): NonNullable<Dispatcher.DispatchOptions['body']> {
  return chunks as unknown as NonNullable<Dispatcher.DispatchOptions['body']>
}
