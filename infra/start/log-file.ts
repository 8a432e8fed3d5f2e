import { closeSync, fstatSync, openSync, renameSync, writeSync } from 'node:fs'

const maxBytes = 20 * 1024 * 1024

export type LogFile = { write(line: string): void; close(): void }

/** Appends lines to a file; at 20 MiB the file becomes `<path>.1` and a new one begins, so that two are kept at most. */
export function openLogFile(path: string): LogFile {
  let fd = openSync(path, 'a', 0o600)
  let sizeBytes = fstatSync(fd).size
  return {
    write: (line) => {
      if (sizeBytes > maxBytes) {
        closeSync(fd)
        renameSync(path, `${path}.1`)
        fd = openSync(path, 'a', 0o600)
        sizeBytes = 0
      }
      // Synchronous, so that the last words of a program are on disk even when this one ends right after.
      sizeBytes += writeSync(fd, `${line}\n`)
    },
    close: () => closeSync(fd),
  }
}
