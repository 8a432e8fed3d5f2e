import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

const maxFileBytes = 10_000_000
const keptFileCount = 5

/**
 * Writes lines to a file and keeps a few older ones beside it as `.1`, `.2` …, so that months of log stay within 60 MB. A line that cannot
 * be written (a full disk) is dropped: to log must never end the work.
 */
export function createLogFile(
  path: string,
  { maxBytes = maxFileBytes, keptCount = keptFileCount }: { maxBytes?: number; keptCount?: number } = {},
): { write(line: string): void } {
  mkdirSync(dirname(path), { recursive: true })
  let file = openSync(path, 'a', 0o600)
  let sizeBytes = fstatSync(file).size
  const rotate = () => {
    closeSync(file)
    rmSync(`${path}.${keptCount}`, { force: true })
    for (let number = keptCount - 1; number >= 0; number--) {
      try {
        renameSync(number === 0 ? path : `${path}.${number}`, `${path}.${number + 1}`)
      } catch {
        // One of the older files is not there, or somebody took it away: nothing depends on it.
      }
    }
    file = openSync(path, 'a', 0o600)
    sizeBytes = 0
  }
  return {
    write(line) {
      try {
        if (sizeBytes > 0 && sizeBytes + Buffer.byteLength(line) > maxBytes) rotate()
        sizeBytes += writeSync(file, line)
      } catch {
        // Dropped, as said above.
      }
    },
  }
}
