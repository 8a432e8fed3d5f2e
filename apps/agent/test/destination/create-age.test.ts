import { Agent, buildConnector } from 'undici'
import { expect, it, onTestFinished } from 'vitest'
import { createDestination } from '../../src/destination/create-destination.ts'
import { never, pair, startHarness } from './harness.ts'

it('tells the age of a clip as it is when the request leaves, however long it took to connect', async () => {
  const harness = await startHarness()
  const { accessToken } = await pair(harness)
  const asked = Promise.withResolvers<void>()
  const connected = Promise.withResolvers<void>()
  const connector = buildConnector({})
  const dispatcher = new Agent({
    connect(options, callback) {
      asked.resolve()
      void connected.promise.then(() => connector(options, callback))
    },
  })
  onTestFinished(() => dispatcher.destroy())
  let ageSeconds = 9
  const destination = createDestination(
    { ...harness.settings, dispatcher },
    { baseUrl: harness.server.url, isOurs: true },
  )
  const creating = destination.createAsset(
    {
      ...{ kind: 'complete', accessToken, name: 'Größe 🎬.mov', fileType: 'video/quicktime', sizeBytes: 1_000 },
      ...{ offsetSeconds: () => ageSeconds, channel: 0, idempotencyKey: 'key-1' },
    },
    never,
  )
  await asked.promise
  ageSeconds = 12_345
  connected.resolve()
  expect(await creating).toMatchObject({ kind: 'created', name: 'Größe 🎬.mov' })
  const [request] = harness.server.requestsOf('create')
  expect(request?.body).toMatchObject({ offset: 12_345, filesize: 1_000 })
  expect(request?.headers).toMatchObject({ 'content-type': 'application/json' })
  expect(request?.headers['transfer-encoding']).toBeUndefined()
  expect(harness.server.violations).toEqual([])
})
