import type { ManifestFile, ManifestHead } from '../src/index.ts'

export const head = (over: Partial<ManifestHead> = {}): ManifestHead => ({
  createdAt: new Date('2026-11-22T05:00:00Z'),
  hostname: 'cart.local',
  tool: { name: 'rushes', version: '0.1.0' },
  comment: null,
  process: 'in-place',
  ignored: [],
  ...over,
})

export const aFile = (over: Partial<ManifestFile> = {}): ManifestFile => ({
  path: 'A001C001.mov',
  sizeBytes: 5,
  createdAt: new Date('2026-11-22T00:59:59Z'),
  modifiedAt: null,
  xxh64: '0ea03b369a463d9d',
  action: 'original',
  digestedAt: new Date('2026-11-22T02:00:00Z'),
  ...over,
})

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = []
  for await (const item of items) all.push(item)
  return all
}

export const text = async (pieces: AsyncIterable<string>): Promise<string> => (await collect(pieces)).join('')
