import { once } from 'node:events'
import { readdir, stat } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createFixed, mib, someBytes } from './support/clips.ts'
import { pairDevice } from './support/pair.ts'
import { type ProcessIngest, prepareProcessIngest } from './support/process-ingest.ts'
import { residentMib } from './support/resident-memory.ts'
import { until } from './support/until.ts'

let ingest: ProcessIngest
beforeAll(async () => {
  ingest = await prepareProcessIngest()
  await ingest.start()
})
afterAll(() => ingest.dispose())

const partCount = 200
const partBytes = 3 * mib
/** What one part may keep in memory: a batch that is written, one that gathers, and what has been read ahead of them. */
const keptBytes = 1 * mib

/** Begins a PUT and sends all of it but the last byte; `end` sends that and resolves with the status. */
async function putAllButLast(url: string, bytes: Buffer) {
  const { hostname, port, pathname, search, host } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  let answer = ''
  socket.setEncoding('latin1').on('data', (text) => {
    answer += text
  })
  const head = [`PUT ${pathname}${search} HTTP/1.1`, `host: ${host}`, 'content-type: video/mp4', 'x-amz-acl: private']
  socket.write([...head, `content-length: ${bytes.length}`, '', ''].join('\r\n'))
  if (!socket.write(bytes.subarray(0, -1))) await once(socket, 'drain')
  return {
    async end() {
      socket.write(bytes.subarray(-1))
      await until('the PUT is answered', () => answer.includes('\r\n\r\n'), 60_000)
      socket.destroy()
      return Number(answer.slice(9, 12))
    },
  }
}

async function gatheredBytes(): Promise<number> {
  const folder = join(ingest.dir, '.rushes-uploads')
  const names = (await readdir(folder)).filter((name) => name.endsWith('.data'))
  const stats = await Promise.all(names.map((name) => stat(join(folder, name))))
  return stats.reduce((sum, { size }) => sum + size, 0)
}

test('of 200 parts that come in at once, most is on disk at any time and little in memory', async () => {
  const device = await pairDevice(ingest)
  const bytes = someBytes(partBytes)
  const urls: string[] = []
  for (let nth = 0; nth < partCount; nth++)
    urls.push(...(await createFixed(device, bytes, { name: `A${nth}.mp4`, parts: 1 })).urls)
  expect(urls).toHaveLength(partCount)
  const pid = ingest.pid()
  const before = await residentMib(pid)
  let peak = before
  const sending = Promise.all(urls.map((url) => putAllButLast(url, bytes)))
  await until(
    'what may not be kept in memory is on disk',
    async () => {
      peak = Math.max(peak, await residentMib(pid))
      return (await gatheredBytes()) >= partCount * (partBytes - keptBytes)
    },
    50_000,
  )
  peak = Math.max(peak, await residentMib(pid))
  expect(peak - before).toBeLessThan((partCount * keptBytes) / mib + 64) // and what the collector has not come to yet
  const statuses = await Promise.all((await sending).map((put) => put.end()))
  expect(new Set(statuses)).toEqual(new Set([200]))
})
