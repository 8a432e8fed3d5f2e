import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import {
  AscMhlError,
  c4FromSha512,
  chainFileName,
  type Generation,
  historyFolder,
  readChain,
  readManifest,
  writeChain,
} from '@rushes/asc-mhl'
import { HistoryError } from './history-error.ts'

/** The ASC MHL history of a folder, as it was found. */
export type History = {
  /** The `ascmhl` folder; it need not be there yet. */
  dir: string
  generations: readonly Generation[]
  /** The first digest that there is of each path. */
  xxh64ByPath: ReadonlyMap<string, string>
}

/**
 * Reads the history of a folder, whoever wrote it, and compares each of its manifests with the chain.
 *
 * @throws HistoryError `historyBroken` when it cannot be continued: a manifest is gone or was changed, or there is no chain
 */
export async function readHistory(folder: string): Promise<History> {
  const dir = join(folder, historyFolder)
  const chain = await readChainFile(dir)
  const xxh64ByPath = new Map<string, string>()
  if (chain === null) {
    const strays = (await namesIn(dir)).filter((name) => name.endsWith('.mhl'))
    if (strays.length > 0) throw broken(`${dir} has manifests, but no ${chainFileName}`)
    return { dir, generations: [], xxh64ByPath }
  }
  try {
    const generations = await readChain(chain)
    for (const generation of generations) {
      const sha512 = createHash('sha512')
      for await (const { path, xxh64 } of readManifest(textOf(join(dir, generation.fileName), sha512)))
        if (!xxh64ByPath.has(path)) xxh64ByPath.set(path, xxh64)
      if (c4FromSha512(sha512.digest()) !== generation.c4)
        throw broken(`${generation.fileName} of ${dir} was changed since it was written`)
    }
    return { dir, generations, xxh64ByPath }
  } catch (error) {
    if (error instanceof AscMhlError) throw broken(`the history in ${dir} cannot be read: ${error.message}`, error)
    if (isErrno(error, 'ENOENT')) throw broken(`a manifest that the chain in ${dir} names is not there`, error)
    throw error
  }
}

/**
 * Writes a manifest as the next generation: the manifest first, then the chain that names it, each whole and durable before it
 * has its name.
 *
 * @throws HistoryError `historyBroken` when somebody else has continued the history meanwhile
 */
export async function appendGeneration(
  history: History,
  manifest: { fileName: string; text: AsyncIterable<string> },
): Promise<Generation> {
  const { dir } = history
  await mkdir(dir, { recursive: true })
  const sha512 = createHash('sha512')
  await writeWhole(dir, manifest.fileName, digested(manifest.text, sha512))
  const c4 = c4FromSha512(sha512.digest())
  const generation = { number: history.generations.length + 1, fileName: manifest.fileName, c4 }
  const chain = await readChainFile(dir)
  const now = chain === null ? [] : await readChain(chain)
  if (now.length !== history.generations.length) {
    await rm(join(dir, manifest.fileName))
    throw broken(`somebody else has just written to ${dir}`)
  }
  await writeWhole(dir, chainFileName, [writeChain([...history.generations, generation])])
  return generation
}

async function* digested(pieces: AsyncIterable<string>, sha512: ReturnType<typeof createHash>): AsyncGenerator<string> {
  for await (const piece of pieces) {
    sha512.update(piece, 'utf8')
    yield piece
  }
}

async function* textOf(path: string, sha512: ReturnType<typeof createHash>): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  for await (const chunk of createReadStream(path)) {
    sha512.update(chunk)
    yield decoder.decode(chunk, { stream: true })
  }
}

/** Gives the file its name only once it is complete; a chain file takes the place of the one before. */
async function writeWhole(dir: string, name: string, pieces: AsyncIterable<string> | Iterable<string>): Promise<void> {
  const partial = join(dir, `.${name}.${process.pid}.partial`)
  try {
    const file = await open(partial, 'wx')
    try {
      let pending = ''
      for await (const piece of pieces) {
        pending += piece
        if (pending.length < 256 * 1024) continue
        await file.writeFile(pending)
        pending = ''
      }
      await file.writeFile(pending)
      await file.sync()
    } finally {
      await file.close()
    }
    if (name !== chainFileName && (await exists(join(dir, name)))) throw broken(`${join(dir, name)} is there already`)
    await rename(partial, join(dir, name))
  } finally {
    await rm(partial, { force: true })
  }
  const folder = await open(dir, 'r')
  await folder.sync().finally(() => folder.close())
}

async function readChainFile(dir: string): Promise<string | null> {
  return readFile(join(dir, chainFileName), 'utf8').catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return null
    throw error
  })
}

async function namesIn(dir: string): Promise<string[]> {
  return readdir(dir).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return []
    throw error
  })
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    (error: unknown) => {
      if (isErrno(error, 'ENOENT')) return false
      throw error
    },
  )
}

const broken = (message: string, cause?: unknown) => new HistoryError(message, cause)

const isErrno = (error: unknown, code: string) => error instanceof Error && 'code' in error && error.code === code
