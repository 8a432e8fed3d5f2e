import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Agent } from 'undici'
import { expect, onTestFinished, test } from 'vitest'
import { putPart } from '../../src/destination/put-part.ts'
import { partOf, patternedBytes, tempFile } from './harness.ts'

/** A server that says yes to everything, reached under a name that is not that of this machine. */
async function put(host: string, headers: Record<string, string>) {
  const server = createServer((request, response) =>
    request.resume().on('end', () => response.writeHead(200, headers).end()),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const dispatcher = new Agent({
    connect: { lookup: (_name, _options, found) => found(null, [{ address: '127.0.0.1', family: 4 }]) },
  })
  onTestFinished(async () => {
    await dispatcher.destroy()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const part = await partOf(await tempFile(patternedBytes(1_000)), `http://${host}:${port}/part`)
  return (await putPart({ dispatcher, allowInsecure: true }, part)).kind
}

test('a 200 without a word to a part is no success where nobody proves who answers', async () => {
  expect(await put('store.invalid', {})).toBe('failed')
  expect(await put('store.invalid', { etag: '"0123"' })).toBe('stored')
  expect(await put('localhost', {})).toBe('stored')
})
