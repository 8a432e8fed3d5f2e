/**
 * A server that discards: it speaks as much of the C2C device API and of S3 as uploaders need, counts, and answers every PUT with success.
 * Raw sockets, so that it takes as little as possible of the machine that the uploader shares with it. Its first
 * line on the standard output is its port; later ones tell of the first byte of a body after it was asked to look out for one, of the bytes of
 * bodies so far when it was asked to count, of how many bodies are under way, and of each final part of a growing file. `--certificates DIR`:
 * over TLS with the `server.pem` and `server.key` that lie there; `--once`: a connection serves one request; `--part-bytes N`: how large parts
 * are, at most.
 */
import { readFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import { createServer as createTlsServer } from 'node:tls'
import { parseArgs } from 'node:util'

const { values: options } = parseArgs({
  options: {
    certificates: { type: 'string' },
    once: { type: 'boolean' },
    'part-bytes': { type: 'string', default: '64000000' },
  },
})
const scheme = options.certificates === undefined ? 'http' : 'https'

/**
 * Of what was put last by S3: what a HEAD of it says, so that an uploader that looks whether a file has arrived finds it. Not of all: with tens of
 * thousands of them the same files took 2.7 × as much processor here, which the next uploader was to have.
 */
const headsOfKeys = new Map<string, string>()
const maxHeads = 1_000
let isLookingOut = false
let assetCount = 0
let receivedBytes = 0
/** Connections on which a body has begun and not ended. */
const underWay = new Set<Socket>()
createInterface({ input: process.stdin }).on('line', (line) => {
  if (line === 'count') console.log(`count ${receivedBytes}`)
  else if (line === 'open') console.log(`open ${underWay.size}`)
  else isLookingOut = true
})
process.stdin.on('end', () => process.exit(0))

type Request = { method: string; path: string; host: string; mtime: string; bodyBytes: number }

function serve(socket: Socket): (chunk: Buffer) => void {
  let head: Buffer = Buffer.alloc(0)
  let request: Request | null = null
  let leftBytes = 0
  let text = ''
  return (chunk) => {
    let rest = chunk
    while (rest.length > 0) {
      if (request === null) {
        head = Buffer.concat([head, rest])
        const end = head.indexOf('\r\n\r\n')
        if (end < 0) return
        const lines = head.toString('latin1', 0, end)
        rest = head.subarray(end + 4)
        head = Buffer.alloc(0)
        request = parse(lines)
        leftBytes = request.bodyBytes
        text = ''
        if (/\r\nexpect: 100-continue/i.test(lines)) socket.write('HTTP/1.1 100 Continue\r\n\r\n')
      }
      const taken = Math.min(leftBytes, rest.length)
      if (taken > 0 && isLookingOut && request.method === 'PUT') {
        isLookingOut = false
        console.log(`first ${Date.now()}`)
      }
      if (request.method === 'POST' && text.length < 65_536) text += rest.toString('latin1', 0, taken)
      if (request.method === 'PUT') receivedBytes += taken
      if (request.method === 'PUT') underWay.add(socket)
      leftBytes -= taken
      rest = rest.subarray(taken)
      if (leftBytes > 0) return
      underWay.delete(socket)
      socket.write(answer(request, text))
      if (request.method === 'PUT' && request.path.includes('final')) console.log(`final ${Date.now()}`)
      request = null
      if (options.once) socket.end()
    }
  }
}

function parse(head: string): Request {
  const [method = '', path = ''] = head.split(' ', 2)
  return {
    method,
    path,
    host: /\r\nhost: *([^\r]*)/i.exec(head)?.[1] ?? '',
    mtime: /\r\nx-amz-meta-mtime: *([^\r]*)/i.exec(head)?.[1] ?? '',
    bodyBytes: Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0),
  }
}

const reply = (status: string, type: string, body: string, more = '') =>
  `HTTP/1.1 ${status}\r\n${options.once ? 'connection: close\r\n' : ''}content-type: ${type}\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${more}\r\n${body}`
const json = (body: unknown) => reply('200 OK', 'application/json', JSON.stringify(body))
const xml = (body: string) => reply('200 OK', 'application/xml', `<?xml version="1.0" encoding="UTF-8"?>${body}`)

/** Of the form that no MD5 has: an uploader that compares one would find that nothing was kept. */
const tag = 'etag: "0123456789abcdef0123456789abcdef-1"\r\n'

function answer({ method, path, host, mtime, bodyBytes }: Request, text: string): string {
  const key = path.split('?', 1)[0] ?? ''
  if (method === 'PUT') {
    if (!key.startsWith('/parts/'))
      keepHead(
        key,
        `HTTP/1.1 200 OK\r\ncontent-length: ${bodyBytes}\r\nlast-modified: Thu, 01 Jan 2026 00:00:00 GMT\r\nx-amz-meta-mtime: ${mtime}\r\n${tag}\r\n`,
      )
    return reply('200 OK', 'text/plain', '', tag)
  }
  if (method === 'HEAD') return headsOfKeys.get(key) ?? 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'
  if (method === 'GET' && path.includes('prefix='))
    return xml(
      '<ListBucketResult><Name>b</Name><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>',
    )
  if (method === 'POST' && path === '/v2/devices/assets') return json(created(host, JSON.parse(text)))
  if (method === 'POST' && path.endsWith('/realtime_upload/parts')) return json(addresses(host, path, JSON.parse(text)))
  if (path === '/v2/devices/me') return json(identity)
  if (method === 'POST' && path.includes('uploads'))
    return xml(
      '<InitiateMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><UploadId>1</UploadId></InitiateMultipartUploadResult>',
    )
  if (method === 'POST')
    return xml(
      '<CompleteMultipartUploadResult><Bucket>b</Bucket><Key>k</Key><ETag>"0-1"</ETag></CompleteMultipartUploadResult>',
    )
  return json({ ok: true })
}

function keepHead(key: string, head: string): void {
  headsOfKeys.set(key, head)
  for (const oldest of headsOfKeys.keys()) {
    if (headsOfKeys.size <= maxHeads) break
    headsOfKeys.delete(oldest)
  }
}

/** As many parts as that takes, or one. */
function created(host: string, { name, filesize }: { name: string; filesize?: number }) {
  const id = `asset-${++assetCount}`
  if (filesize === undefined) return { id, name }
  const count = Math.max(1, Math.ceil(filesize / Number(options['part-bytes'])))
  const upload_urls = Array.from(
    { length: count },
    (_, index) => `${scheme}://${host}/parts/${id}/${index + 1}?signature=s`,
  )
  return { _type: 'file', id, name, filesize, status: 'created', upload_urls }
}

function addresses(host: string, path: string, { parts }: { parts: { number: number; is_final: boolean }[] }) {
  const id = path.split('/')[4]
  const upload_urls = parts.map(
    ({ number, is_final }) => `${scheme}://${host}/parts/${id}/${number}?signature=s${is_final ? '&final' : ''}`,
  )
  return { upload_urls }
}

const identity = {
  ...{ _type: 'project_device', id: 'pd-1', device_id: 'd-1', name: 'Bench', status: 'online', timezone: 'UTC' },
  ...{ project_id: 'project-1', project: { _type: 'project', id: 'project-1', name: 'Bench' } },
}

const accept = (socket: Socket) => {
  socket.on('data', serve(socket))
  socket.on('close', () => underWay.delete(socket))
  socket.on('error', () => undefined) // the uploader may leave at any time
}
const common = { noDelay: true, highWaterMark: 1_048_576 }
const pem = (name: string) => readFileSync(`${options.certificates}/server.${name}`)
const server =
  options.certificates === undefined
    ? createServer(common, accept)
    : createTlsServer({ ...common, cert: pem('pem'), key: pem('key') }, accept)
server.listen(0, '127.0.0.1', () => {
  const address = server.address()
  if (address !== null && typeof address === 'object') console.log(address.port)
})
