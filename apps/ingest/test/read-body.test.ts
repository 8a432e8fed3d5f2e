import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readBody } from '../src/parts/read-body.ts'

const kib = 1024
const stallMs = 60_000
const limits = (contentLengthBytes: number) => ({ contentLengthBytes, stallMs, displaced: null })

/** What has already been set off has happened, whatever the clock says. */
const settled = () => new Promise<void>((resolve) => setImmediate(resolve))

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
})
afterEach(() => {
  vi.useRealTimers()
})

test('the next chunk waits until the one before is taken, however many have come', async () => {
  const body = new PassThrough()
  const taken: number[] = []
  const gates = [1, 2, 3].map(() => Promise.withResolvers<void>())
  const read = readBody(body, limits(3), ([byte = 0]) => {
    taken.push(byte)
    return gates[byte - 1]?.promise
  })
  body.write(Buffer.from([1]))
  await once(body, 'readable')
  for (const byte of [2, 3]) {
    body.write(Buffer.from([byte]))
    await settled()
    expect(taken).toHaveLength(byte - 1)
    gates[byte - 2]?.resolve()
    await settled()
    expect(taken).toHaveLength(byte)
  }
  body.end()
  gates[2]?.resolve()
  expect(await read).toEqual({ kind: 'complete' })
})

test('a disk that takes longer than a sender may is no stall, and the sender has its time anew after it', async () => {
  const body = new PassThrough()
  const disk = Promise.withResolvers<void>()
  const read = readBody(body, limits(2), () => disk.promise)
  body.write(Buffer.from([1]))
  await once(body, 'readable')
  vi.advanceTimersByTime(3.9 * stallMs)
  disk.resolve()
  await settled()
  vi.advanceTimersByTime(0.9 * stallMs)
  body.end(Buffer.from([2]))
  expect(await read).toEqual({ kind: 'complete' })
})

test('bytes that drip are a stall, though none of them waits', async () => {
  const body = new PassThrough()
  const read = readBody(body, limits(kib), () => undefined)
  for (let nth = 0; nth < 10; nth++) {
    body.write(Buffer.alloc(1))
    await settled()
    vi.advanceTimersByTime(stallMs / 10)
  }
  expect(await read).toEqual({ kind: 'stalled' })
})

test('a sender that is slow, but not as slow as that, has all the time it takes', async () => {
  const body = new PassThrough()
  const read = readBody(body, limits(640 * kib), () => undefined)
  for (let nth = 0; nth < 10; nth++) {
    body.write(Buffer.alloc(64 * kib))
    await settled()
    vi.advanceTimersByTime(0.9 * stallMs)
  }
  body.end()
  expect(await read).toEqual({ kind: 'complete' })
})

test.each([
  ['before it is read', 'early'],
  ['while it is read', 'late'],
])('a connection that breaks %s leaves an incomplete body, and no error to anybody', async (_when, when) => {
  const body = new PassThrough()
  if (when === 'early') body.destroy()
  const read = readBody(body, limits(2), () => undefined)
  if (when === 'late') body.write(Buffer.from([1]), () => body.destroy())
  expect(await read).toEqual({ kind: 'incompleteBody' })
})

test.each([
  [1, 'complete'],
  [2, 'incompleteBody'],
])('a body of one byte where %i were announced is %s', async (announced, kind) => {
  const body = new PassThrough()
  body.end(Buffer.from([1]))
  expect(await readBody(body, limits(announced), () => undefined)).toEqual({ kind })
})

test('whoever is displaced is told once nothing is being taken any more, and nothing is after that', async () => {
  const body = new PassThrough()
  const displacing = new AbortController()
  const disk = Promise.withResolvers<void>()
  const takenBytes: number[] = []
  let isTold = false
  const read = readBody(body, { ...limits(9), displaced: displacing.signal }, (chunk) => {
    takenBytes.push(chunk.length)
    return disk.promise
  }).finally(() => {
    isTold = true
  })
  body.write(Buffer.alloc(3))
  await once(body, 'readable')
  displacing.abort()
  body.write(Buffer.alloc(3))
  await settled()
  expect(isTold).toBe(false)
  disk.resolve()
  expect(await read).toEqual({ kind: 'displaced' })
  expect(takenBytes).toEqual([3])
})

test.each([
  [
    'at once',
    () => {
      throw new Error('ENOSPC')
    },
  ],
  ['later', () => Promise.reject(new Error('ENOSPC'))],
])('what taking fails with %s is thrown, and the rest of the body can be thrown away', async (_when, take) => {
  const body = new PassThrough()
  body.write(Buffer.alloc(3))
  await expect(readBody(body, limits(6), take)).rejects.toThrow('ENOSPC')
  body.resume()
  body.end(Buffer.alloc(3))
  await once(body, 'end')
})

test('the memory of a chunk is free as soon as it is taken, however long the disk takes then', async () => {
  const body = new PassThrough()
  const disk = Promise.withResolvers<void>()
  const taken: { chunk: Uint8Array; byteCount: number }[] = []
  const read = readBody(body, limits(64 * kib), (chunk) => {
    taken.push({ chunk, byteCount: chunk.length })
    return disk.promise
  })
  body.end(Buffer.alloc(64 * kib))
  await once(body, 'readable')
  await settled()
  expect(taken.map(({ byteCount }) => byteCount)).toEqual([64 * kib])
  expect(taken[0]?.chunk.buffer.byteLength).toBe(0)
  disk.resolve()
  expect(await read).toEqual({ kind: 'complete' })
})

test('memory that a chunk has in common with others is left alone', async () => {
  const memory = Buffer.alloc(3, 7)
  const body = new PassThrough()
  body.end(memory.subarray(0, 2))
  const first = memory.subarray(0, 2)
  expect(await readBody(body, limits(2), () => undefined)).toEqual({ kind: 'complete' })
  expect([...memory]).toEqual([7, 7, 7])
  expect([...first]).toEqual([7, 7])
})

test('of what comes by HTTP no more than the smallest chunks is left to the collector', async () => {
  const lengthBytes = 4 * 1024 * kib
  const taken: Uint8Array[] = []
  let takenBytes = 0
  const server = createServer((incoming: IncomingMessage, reply) => {
    readBody(incoming, limits(lengthBytes), (chunk) => {
      taken.push(chunk)
      takenBytes += chunk.length
      return taken.length % 2 === 0 ? settled() : undefined
    }).then(({ kind }) => reply.end(kind))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('the server has no port')
    const put = request({
      port: address.port,
      host: '127.0.0.1',
      method: 'PUT',
      headers: { 'content-length': lengthBytes },
    })
    put.end(Buffer.alloc(lengthBytes))
    const [reply] = await once(put, 'response')
    expect(String(await reply.setEncoding('utf8').toArray())).toBe('complete')
    expect(takenBytes).toBe(lengthBytes)
    // Those smaller than that Node itself may cut from one piece of memory.
    expect(Math.max(...taken.map(({ length }) => length))).toBeLessThan(Buffer.poolSize)
  } finally {
    server.close()
    server.closeAllConnections()
  }
})
