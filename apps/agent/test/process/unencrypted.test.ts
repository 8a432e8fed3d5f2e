import { afterEach, expect, test, vi } from 'vitest'
import { remoteOperations } from '../../src/local-api/call.ts'
import { endAll, startDevice } from './agent-process.ts'
import { differences, writeClip } from './clips.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

/** The same server by a name that is not known to be this machine. */
const beyondThisMachine = (url: string) => url.replace('127.0.0.1', '0.0.0.0')

test('an agent that was not told to send without encryption ends at once when it is paired so', async () => {
  const device = await startDevice({ paired: false })
  const url = beyondThisMachine(device.server.url)
  expect((await device.cli('--insecure', 'pair', '--server', url)).code).toBe(0)
  await expect(device.start()).rejects.toThrow(/ended with 2: .*"PLAIN_HTTP_REFUSED".*--insecure/s)
  await device.start(['--insecure'])
  const clip = await writeClip(device.watchDir, 'A001.mov', 100_000)
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
})

test.for(['ours', 'foreign'] as const)(
  'a pairing without encryption (%s) through an agent that was not told so is refused before a code is shown',
  async (mode) => {
    const device = await startDevice({ mode })
    await device.start()
    const where = mode === 'ours' ? '--server' : '--upload-to'
    const refused = await device.cli('--insecure', 'pair', where, beyondThisMachine(device.server.url))
    expect(refused).toMatchObject({ code: 2, lines: [] })
    expect(JSON.parse(refused.stderr).error).toMatchObject({ code: 'PLAIN_HTTP_REFUSED' })
    expect(device.server.requestsOf('deviceCode')).toHaveLength(1)
    const clip = await writeClip(device.watchDir, 'A001.mov', 100_000)
    await device.until(([upload]) => upload?.state === (mode === 'ours' ? 'verified' : 'uploaded'), 'home')
    expect(differences(device.server, clip)).toEqual([])
  },
)

test('an agent that was not told to send without encryption stores no pairing that would have it do so', async () => {
  const device = await startDevice()
  await device.start()
  const uploadLink = {
    ...{ serverUrl: beyondThisMachine(device.server.url), isOurs: true, clientId: 'unit-1', clientSecret: null },
    ...{ accessToken: 'access', accessExpiresAt: Date.now() + 3_600_000, refreshToken: 'refresh' },
  }
  const pairing = remoteOperations(device.stateDir).pair({ uploadLink, controlLink: null })
  await expect(pairing).rejects.toThrow(expect.objectContaining({ code: 'PLAIN_HTTP_REFUSED' }))
  expect(await device.status()).toMatchObject({ destination: device.server.url, deviceId: expect.any(String) })
})
