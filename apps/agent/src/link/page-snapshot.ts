import { maxLinkMessageBytes } from '@rushes/protocol'

/** Bytes that the items of one frame may take up: what remains of a message is for the frame around them. */
export const maxItemBytes = Math.min(60_000, maxLinkMessageBytes - 4_096)

/**
 * The first of `items` that fit one frame: at most `maxCount`, and encoded as JSON at most `maxBytes` bytes with the commas between
 * them. The first is always among them, so that paging gets on; the schema bounds a single item far below a frame.
 */
export function takeFitting<Item>(
  items: readonly Item[],
  { maxCount, maxBytes = maxItemBytes }: { maxCount: number; maxBytes?: number },
): Item[] {
  const taken: Item[] = []
  let byteCount = 0
  for (const item of items.slice(0, maxCount)) {
    byteCount += encodedByteCount(item) + 1
    if (taken.length > 0 && byteCount > maxBytes) break
    taken.push(item)
  }
  return taken
}

/** Bytes of a value as it goes over the wire: characters beyond ASCII and escapes count for what they become. */
export const encodedByteCount = (value: unknown): number => Buffer.byteLength(JSON.stringify(value))
