import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readStartOptions } from '../options.ts'
import { rootDir } from '../repository.ts'

const read = async (argv: string[], env: Record<string, string> = {}) => {
  const options = await readStartOptions(argv, env, '/somewhere')
  if (options === 'help') throw new Error('no help was asked for')
  return options
}

test('without anything said, listens on loopback at the documented ports, with demo devices', async () => {
  expect(await read([])).toMatchObject({
    dataDir: join(rootDir, 'data'),
    host: '127.0.0.1',
    controlPlanePort: 3000,
    gatewayPort: 3001,
    ingestPort: 3002,
    publicUrl: 'http://localhost:3000',
    ingestUrl: 'http://localhost:3002',
    demo: true,
    databaseUrl: undefined,
  })
})

test('gateway and ingest follow the port, a relative folder is where the user is', async () => {
  expect(await read(['--port', '4000', '--data-dir', 'x y/z', '--no-demo'])).toMatchObject({
    dataDir: join('/somewhere', 'x y/z'),
    controlPlanePort: 4000,
    gatewayPort: 4001,
    ingestPort: 4002,
    demo: false,
  })
})

test('port 0 takes three different free ones', async () => {
  const { controlPlanePort, gatewayPort, ingestPort, publicUrl } = await read(['--port', '0'])
  expect(new Set([controlPlanePort, gatewayPort, ingestPort, 0]).size).toBe(4)
  expect(publicUrl).toBe(`http://localhost:${controlPlanePort}`)
})

test('open to the network, the addresses are ones that other machines can reach', async () => {
  const { publicUrl, ingestUrl } = await read(['--host', '0.0.0.0'])
  expect(publicUrl).not.toContain('0.0.0.0')
  expect(new URL(ingestUrl).hostname).toBe(new URL(publicUrl).hostname)
  expect(await read([], { RUSHES_PUBLIC_URL: 'https://rushes.example.com/' })).toMatchObject({
    publicUrl: 'https://rushes.example.com',
  })
})

test.each([
  [['--port', 'three'], {}, 'badArgument', '--port'],
  [['--port', '70000'], {}, 'badArgument', '--port'],
  [['--prot', '3000'], {}, 'badArgument', '--prot'],
  [['data'], {}, 'badArgument', 'data'],
  [[], { RUSHES_INGEST_PORT: 'x' }, 'badEnvironment', 'RUSHES_INGEST_PORT'],
  [[], { RUSHES_PUBLIC_URL: 'rushes.example.com' }, 'badEnvironment', 'RUSHES_PUBLIC_URL'],
  [[], { DATABASE_URL: 'mysql://localhost/x' }, 'badEnvironment', 'DATABASE_URL'],
])('refuses %j with %j: %s', async (argv, env, code, named) => {
  await expect(read(argv, env as Record<string, string>)).rejects.toMatchObject({
    code,
    message: expect.stringContaining(named),
  })
})
