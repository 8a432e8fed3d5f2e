import { once } from 'node:events'
import { createServer } from 'node:net'
import { expect, test } from 'vitest'
import { freePort, requireFreePort } from '../ports.ts'

test('names the port, the program that has it, and what to set instead', async () => {
  const port = await freePort()
  await requireFreePort({ name: 'ingest', port, host: '127.0.0.1', setBy: 'RUSHES_INGEST_PORT' })
  const server = createServer()
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  const refused = expect.objectContaining({
    code: 'portTaken',
    message: expect.stringMatching(
      process.platform === 'linux' ? new RegExp(`port ${port}.*ingest.*process ${process.pid}`) : String(port),
    ),
    hint: expect.stringContaining('RUSHES_INGEST_PORT'),
  })
  await expect(
    requireFreePort({ name: 'ingest', port, host: '127.0.0.1', setBy: 'RUSHES_INGEST_PORT' }),
  ).rejects.toEqual(refused)
  // Also when the other one listens on one address only, and this one wants all.
  await expect(requireFreePort({ name: 'ingest', port, host: '0.0.0.0', setBy: 'RUSHES_INGEST_PORT' })).rejects.toEqual(
    refused,
  )
  server.close()
})

test('refuses a port that no browser would open', async () => {
  await expect(fetch('http://127.0.0.1:6000')).rejects.toMatchObject({ cause: { message: 'bad port' } })
  await expect(
    requireFreePort({ name: 'control plane', port: 6000, host: '127.0.0.1', setBy: '--port' }),
  ).rejects.toMatchObject({ code: 'portRefusedByBrowsers', hint: expect.stringContaining('--port') })
})

test('says so when the address is none of this machine', async () => {
  await expect(
    requireFreePort({ name: 'control plane', port: 3000, host: '203.0.113.7', setBy: '--port' }),
  ).rejects.toMatchObject({ code: 'portTaken', hint: 'Check --host' })
})
