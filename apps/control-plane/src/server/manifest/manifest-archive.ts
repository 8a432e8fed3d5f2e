import { createHash } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { c4FromSha512, chainFileName, historyFolder, writeChain } from '@rushes/asc-mhl'
import type { ExportedManifest } from '@rushes/fleet'
import { ZipFile } from 'yazl'

/**
 * A ZIP of a manifest and its chain file, in the `ascmhl` folder that they belong into. Nothing is held: the manifest is
 * written as fast as the archive is read, and ends when nobody reads it any more.
 */
export function manifestArchive({ text, folderName, fileName, createdAt }: ExportedManifest): Readable {
  const sha512 = createHash('sha512')
  const zip = new ZipFile()
  const archive = new PassThrough()
  zip.outputStream.pipe(archive)
  zip.on('error', (error: Error) => archive.destroy(error))
  const give = (name: string, pieces: () => AsyncIterable<string> | Iterable<string>) =>
    zip.addReadStreamLazy(`${folderName}/${historyFolder}/${name}`, { mtime: createdAt }, (callback) => {
      const source = Readable.from(pieces(), { objectMode: false })
      source.on('error', (error) => archive.destroy(error))
      archive.on('close', () => source.destroy())
      callback(null, source)
    })
  give(fileName, () => digested(text, sha512))
  // Asked for once the manifest is written: only then is its digest known.
  give(chainFileName, () => [writeChain([{ number: 1, fileName, c4: c4FromSha512(sha512.digest()) }])])
  zip.end()
  return archive
}

async function* digested(text: AsyncIterable<string>, sha512: ReturnType<typeof createHash>): AsyncGenerator<string> {
  for await (const piece of text) {
    sha512.update(piece, 'utf8')
    yield piece
  }
}
