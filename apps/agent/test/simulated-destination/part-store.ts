import { closeSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import xxhash from 'xxhash-wasm'

/** Where the bytes of parts go: nowhere (digest and length are kept), into memory, or into files of a folder. */
export type StoreKind = 'digests' | 'memory' | { dir: string }
export type ReceivedPart = { sizeBytes: number; xxh64: string; bytes(): Buffer }
export type PartReceiver = { write(chunk: Uint8Array): void; finish(): ReceivedPart; discard(): void }

export type Digest = { update(chunk: Uint8Array): unknown; hex(): string }

export class PartStore {
  readonly #kind: StoreKind
  readonly newDigest: () => Digest
  #received = 0

  private constructor(kind: StoreKind, newDigest: () => Digest) {
    this.#kind = kind
    this.newDigest = newDigest
    if (typeof kind !== 'string') mkdirSync(kind.dir, { recursive: true })
  }

  static async open(kind: StoreKind): Promise<PartStore> {
    const { create64 } = await xxhash()
    return new PartStore(kind, () => {
      const hash = create64()
      return {
        update: (chunk) => hash.update(chunk),
        hex: () => hash.digest().toString(16).padStart(16, '0'),
      }
    })
  }

  /** A part counts only once it is finished; what came of one that broke off is thrown away. */
  receive(name: string): PartReceiver {
    const digest = this.newDigest()
    const sink = this.#sink(`${name}.${++this.#received}`)
    let sizeBytes = 0
    return {
      write: (chunk) => {
        digest.update(chunk)
        sizeBytes += chunk.byteLength
        sink.write(chunk)
      },
      finish: () => ({ sizeBytes, xxh64: digest.hex(), bytes: sink.finish() }),
      discard: sink.discard,
    }
  }

  #sink(name: string): { write(chunk: Uint8Array): void; finish(): () => Buffer; discard(): void } {
    if (this.#kind === 'digests') {
      const bytes = () => {
        throw new Error('the simulated destination was started without keeping bytes')
      }
      return { write: () => undefined, finish: () => bytes, discard: () => undefined }
    }
    if (this.#kind === 'memory') {
      const chunks: Buffer[] = []
      return {
        write: (chunk) => chunks.push(Buffer.from(chunk)),
        finish: () => () => Buffer.concat(chunks),
        discard: () => undefined,
      }
    }
    const path = join(this.#kind.dir, name)
    const file = openSync(`${path}.part`, 'w')
    return {
      write: (chunk) => writeSync(file, chunk),
      finish: () => {
        closeSync(file)
        renameSync(`${path}.part`, path)
        return () => readFileSync(path)
      },
      discard: () => closeSync(file),
    }
  }
}
