import { createServer, type Server } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { createDispatcher } from '../../src/destination/create-dispatcher.ts'
import { openOnDisk } from '../../src/destination/part-source.ts'
import { putPart } from '../../src/destination/put-part.ts'
import { partOf, patternedBytes, tempFile } from './harness.ts'

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

/** Sends a part of several buffers to a server that answers as told; resolves with what became of the buffers that it was read into. */
async function send(answer: (server: Server) => Server) {
  const server = answer(createServer())
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : null
  const buffers = new Set<ArrayBufferLike>()
  const dispatcher = createDispatcher({ maxPartsInFlight: 1 })
  try {
    const part = await partOf(await tempFile(patternedBytes(1_300_000)), `http://127.0.0.1:${port}/part`)
    const outcome = await putPart({ dispatcher, allowInsecure: false }, part, async (path) => {
      const file = await openOnDisk(path)
      return {
        ...file,
        read: (buffer, lengthBytes, positionBytes) => {
          buffers.add(buffer.buffer)
          return file.read(buffer, lengthBytes, positionBytes)
        },
      }
    })
    return { outcome: outcome.kind, freed: [...buffers].map((buffer) => buffer.byteLength === 0) }
  } finally {
    await dispatcher.destroy()
  }
}

test('the buffers of a part are given back as soon as it is stored, not when they are collected', async () => {
  const sent = await send((server) =>
    server.on('request', (request, response) => {
      request.resume()
      request.on('end', () => response.end())
    }),
  )
  expect(sent).toEqual({ outcome: 'stored', freed: [true, true] })
})

test.for([
  ['refused', 503],
  ['called stored before its bytes have come', 200],
] as const)(
  'the buffers of a part that is %s are left alone, since some of it may still be on its way',
  async ([, status]) => {
    const { outcome, freed } = await send((server) =>
      server.on('request', (_request, response) => response.writeHead(status).end()),
    )
    expect(outcome).toBe('failed')
    expect(freed).not.toContain(true)
  },
)
