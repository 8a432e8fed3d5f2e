import { fileURLToPath } from 'node:url'

/** A bucket of an S3-compatible store; without an endpoint it is Amazon's. */
export type S3Address = { kind: 's3'; bucket: string; endpoint: string | null; region: string }

/** Keys that last: addresses of parts live for a day, and die with the keys that signed them. */
export type Credentials = { accessKeyId: string; secretAccessKey: string; sessionToken?: string }

type FolderAddress = { kind: 'folder'; dir: string }
export type StoreAddress = FolderAddress | S3Address
/** What it takes to open a store. */
export type StoreConfig = FolderAddress | (S3Address & { credentials: Credentials })

/** The store in words, without its keys. */
export const nameOfStore = (store: StoreAddress): string =>
  store.kind === 'folder'
    ? store.dir
    : `bucket ${store.bucket}${store.endpoint === null ? '' : ` at ${store.endpoint}`}`

const parameters = new Set(['endpoint', 'region'])

/**
 * Reads `file:///path` or `s3://bucket?endpoint=https://host&region=name`.
 *
 * @returns null when it is neither
 */
export function parseStoreUrl(text: string, defaultRegion: string): StoreAddress | null {
  const url = URL.parse(text)
  if (url?.protocol === 'file:') return folderOf(url)
  if (url?.protocol !== 's3:') return null
  const { hostname: bucket, searchParams } = url
  const isPlain = url.username === '' && url.password === '' && url.port === '' && url.hash === ''
  const hasKnownParameters = [...searchParams.keys()].every((name) => parameters.has(name))
  // A name that is right for every store; with dots in it, certificates of a bucket's own host would not fit.
  const isBucket = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(bucket)
  if (!isPlain || !isBucket || !hasKnownParameters || !['', '/'].includes(url.pathname)) return null
  const region = searchParams.get('region') ?? defaultRegion
  if (!/^[a-z0-9-]{1,40}$/.test(region)) return null
  const given = searchParams.get('endpoint')
  if (given === null) return { kind: 's3', bucket, endpoint: null, region }
  const endpoint = URL.parse(given)
  const isOrigin = endpoint !== null && /^https?:$/.test(endpoint.protocol) && endpoint.href === `${endpoint.origin}/`
  return isOrigin ? { kind: 's3', bucket, endpoint: endpoint.origin, region } : null
}

function folderOf(url: URL): StoreAddress | null {
  try {
    return { kind: 'folder', dir: fileURLToPath(url) }
  } catch {
    return null // a folder of another host, which is none here
  }
}
