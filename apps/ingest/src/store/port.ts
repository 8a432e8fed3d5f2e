import type { AssemblingAsset, RegisteredPart } from '@rushes/fleet'

/**
 * Where clips are kept. The database says which parts there are and which of them are acknowledged; a store keeps bytes and
 * tells nothing of its own. Two adapters can stand behind it: a folder, to which the parts come through this program, and an
 * S3 bucket, to which devices send them directly.
 */
export interface ObjectStore {
  /** The key of an upload whose parts are being gathered. */
  uploadKey(assetId: string): string

  /** Signed addresses that a device PUTs these parts to, in their order. */
  partUrls(upload: PartsOfUpload, parts: readonly RegisteredPart[], now: Date): Promise<string[]>

  /** Where a clip would stand if no other stood there; null where it stays under the key of its upload. */
  placeFor(asset: AssemblingAsset): string | null

  /**
   * Makes one object of all parts, in order of their numbers, and puts it where it can be read, never over another one.
   * Before anything stands at a key, `reserve` is told it; false means that the key belongs to another clip. Durable when it
   * resolves; doing it again after a crash gives the same object.
   */
  publish(asset: AssemblingAsset, reserve: (key: string) => Promise<boolean>): Promise<PublishOutcome>

  /** Forgets what was gathered for an upload that is published, or never will be. Nothing there is no error. */
  discard(assetId: string): Promise<void>

  /** Opens a published object; null when there is none at this key. */
  open(key: string): Promise<StoredObject | null>

  /** Takes a published object away for good. Durable when it resolves; nothing there is no error. */
  remove(key: string): Promise<void>

  /**
   * A signed address that a browser may read an object from for a quarter of an hour, whole or by ranges; null where this program
   * has to send the bytes itself.
   */
  playbackUrl(key: string, shown: ShownAs, now: Date): Promise<string | null>

  /** Where something small lies that was made from a clip and can be made again, such as its poster: read with `open`. */
  derivedKey(assetId: string, name: string): string

  /** Keeps such an object, in place of an earlier one. Readers see the one or the other, never half. */
  putDerived(key: string, bytes: Uint8Array): Promise<void>

  /** Room for more, in bytes; null where a store does not tell. */
  freeBytes(): Promise<number | null>

  /** Rejects when the store cannot be used at the moment. */
  check(): Promise<void>
}

export type PartsOfUpload = { assetId: string; storeKey: string; filetype: string }

export type PublishOutcome =
  | { kind: 'published'; key: string }
  /** Acknowledged bytes are gone: somebody took them away. The clip can never be whole. */
  | { kind: 'bytesLost'; detail: string }
  /** The store will not join these parts, however often it is asked. */
  | { kind: 'refused'; detail: string }

/** Values of the headers that an object is to be sent with. */
export type ShownAs = { contentType: string; contentDisposition: string }

export type StoredObject = {
  readonly sizeBytes: number
  /** An open file of this machine, where the object is one: programs that have to jump about in it can be given that. */
  readonly fd?: number
  /** The bytes from `start` up to, and without, `end`; reading ends early when there are no more. */
  read(start: number, end: number): AsyncIterable<Uint8Array>
  close(): Promise<void>
}
