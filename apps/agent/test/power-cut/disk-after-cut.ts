import type { SeededRandom } from '@rushes/test-kit'
import type { DiskCall } from './trace.ts'

/** A disk writes whole sectors. */
const sectorBytes = 512

type Change = Extract<DiskCall, { kind: 'write' | 'truncate' }>

type File = {
  /** As it surely is on disk. */
  durable: Content
  /** What was done since, of which a power cut keeps whatever it likes. */
  pending: Change[]
  /** Whether its name is surely in the folder. */
  nameIsDurable: boolean
}

/**
 * The files that a power cut after the first `cut` calls may leave: everything up to the last sync of a file is there; of what came after
 * it, each write and truncation is kept, lost, or (a write) torn between sectors, whatever became of those before it. A name that was made
 * or removed since the folder was synced is there or not.
 */
export function diskAfterCut(calls: readonly DiskCall[], cut: number, random: SeededRandom): Map<string, Buffer> {
  const files = new Map<string, File>()
  const removed = new Map<string, File>()
  for (const call of calls.slice(0, cut)) {
    if (call.kind === 'syncFolder') {
      for (const file of files.values()) file.nameIsDurable = true
      removed.clear()
      continue
    }
    const file = files.get(call.file)
    if (call.kind === 'create') {
      if (file === undefined) files.set(call.file, { durable: new Content(), pending: [], nameIsDurable: false })
    } else if (file === undefined) throw new Error(`${call.kind} of ${call.file}, which was never made`)
    else if (call.kind === 'unlink') {
      files.delete(call.file)
      if (file.nameIsDurable) removed.set(call.file, file)
    } else if (call.kind === 'sync') {
      for (const change of file.pending.splice(0)) file.durable.apply(change)
    } else file.pending.push(call)
  }
  const left = new Map<string, Buffer>()
  for (const [name, file] of removed) if (random.chance(0.5)) left.set(name, settle(file, random))
  for (const [name, file] of files) if (file.nameIsDurable || random.chance(0.5)) left.set(name, settle(file, random))
  return left
}

function settle({ durable, pending }: File, random: SeededRandom): Buffer {
  // Now all, now nothing, mostly anything: the ends are legal too, and hardly ever drawn call by call.
  const keepChance = random.pick([0, 0.2, 0.5, 0.8, 1])
  for (const change of pending) {
    if (random.chance(keepChance)) durable.apply(change)
    else if (change.kind === 'write' && random.chance(0.3)) durable.applyTorn(change, random)
  }
  return durable.bytes
}

/** What is in a file; grows as it is written to, with zeros where nothing was. */
class Content {
  #room = Buffer.alloc(65_536)
  #sizeBytes = 0

  get bytes(): Buffer {
    return this.#room.subarray(0, this.#sizeBytes)
  }

  apply(change: Change): void {
    if (change.kind === 'truncate') {
      this.#room.fill(0, Math.min(change.sizeBytes, this.#room.length))
      this.#sizeBytes = 0
      this.#reach(change.sizeBytes)
      return
    }
    this.#reach(change.offsetBytes + change.data.length)
    change.data.copy(this.#room, change.offsetBytes)
  }

  /** Each sector that the write touches is written or not. */
  applyTorn({ offsetBytes, data }: Extract<Change, { kind: 'write' }>, random: SeededRandom): void {
    const end = offsetBytes + data.length
    this.#reach(end)
    for (let sector = Math.floor(offsetBytes / sectorBytes); sector * sectorBytes < end; sector++) {
      if (random.chance(0.5)) continue
      const from = Math.max(offsetBytes, sector * sectorBytes)
      data.copy(this.#room, from, from - offsetBytes, Math.min(end, (sector + 1) * sectorBytes) - offsetBytes)
    }
  }

  #reach(sizeBytes: number): void {
    this.#sizeBytes = Math.max(this.#sizeBytes, sizeBytes)
    if (sizeBytes <= this.#room.length) return
    this.#room = Buffer.concat([this.#room, Buffer.alloc(sizeBytes * 2 - this.#room.length)])
  }
}
