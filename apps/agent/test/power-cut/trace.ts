import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** What a program did to the files of one folder, in its order. `file` is the name within the folder. */
export type DiskCall =
  | { kind: 'create'; file: string }
  | { kind: 'write'; file: string; offsetBytes: number; data: Buffer }
  | { kind: 'truncate'; file: string; sizeBytes: number }
  | { kind: 'sync'; file: string }
  /** The folder itself: which names there are. */
  | { kind: 'syncFolder' }
  | { kind: 'unlink'; file: string }

const workloadPath = fileURLToPath(new URL('./workload.ts', import.meta.url))
const traced = 'openat,pwrite64,write,ftruncate,fsync,fdatasync,unlink'

/** Whether strace is there and may trace. */
export async function canTrace(): Promise<boolean> {
  return run('strace', ['-o', '/dev/null', 'true']).then(
    () => true,
    () => false,
  )
}

/** Runs the workload and records what its one writing thread does to its state folder. */
export async function traceWorkload(): Promise<DiskCall[]> {
  const dir = await mkdtemp(join(tmpdir(), 'rushes-trace-'))
  try {
    const log = join(dir, 'calls')
    const stateDir = join(dir, 'state')
    await run('mkdir', [stateDir])
    const options = ['-y', '-xx', '-s', '1000000', '-e', 'signal=none', '-e', `trace=${traced}`, '-o', log]
    await run('strace', [...options, process.execPath, workloadPath, stateDir], { maxBuffer: 16_777_216 })
    const lines = (await readFile(log, 'latin1')).split('\n')
    return lines.flatMap((line) => parseCall(line, stateDir) ?? [])
  } finally {
    await rm(dir, { recursive: true, force: true })
  }
}

/** Reads one line of strace; null where it is not about a file of the folder, or the call failed. */
function parseCall(line: string, folder: string): DiskCall | null {
  const called = /^(\w+)\((.*)\)\s+= (-?\d+)/.exec(line)
  if (called === null || Number(called[3]) < 0) return null
  const [, name = '', given = ''] = called
  const strings = [...given.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => bytesOf(hex))
  const open = /^\d+<([^>]*)>/.exec(given)?.[1]
  const path = open === undefined ? (strings[0]?.toString() ?? '') : bytesOf(open).toString()
  if (path === folder && (name === 'fsync' || name === 'fdatasync')) return { kind: 'syncFolder' }
  if (dirname(path) !== folder) return null
  const file = basename(path)
  const numbers = given.replace(/"[^"]*"/g, '').match(/(?<=, )\d+/g) ?? []
  switch (name) {
    case 'openat':
      return given.includes('O_CREAT') ? { kind: 'create', file } : null
    case 'write':
      return { kind: 'write', file, offsetBytes: Number.NaN, data: strings[0] ?? Buffer.alloc(0) }
    case 'pwrite64':
      return { kind: 'write', file, offsetBytes: Number(numbers.at(-1)), data: strings[0] ?? Buffer.alloc(0) }
    case 'ftruncate':
      return { kind: 'truncate', file, sizeBytes: Number(numbers.at(-1)) }
    case 'fsync':
    case 'fdatasync':
      return { kind: 'sync', file }
    case 'unlink':
      return { kind: 'unlink', file }
    default:
      return null
  }
}

/** Paths and data come as `\x2f\x61…`; with some versions of strace paths come as they are. */
function bytesOf(text: string): Buffer {
  return text.startsWith('\\x') ? Buffer.from(text.replaceAll('\\x', ''), 'hex') : Buffer.from(text, 'latin1')
}
