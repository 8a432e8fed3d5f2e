import { createServer } from 'node:http'
import { Agent, buildConnector } from 'undici'
import { expect, it, onTestFinished } from 'vitest'
import { createDestination } from '../../src/destination/create-destination.ts'
import { lateJson } from '../../src/destination/late-json.ts'
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

it('tells it as it was when it would take more room than was set aside', async () => {
  let text = 'short'
  const body = lateJson(() => ({ text }))
  text = 'x'.repeat(100)
  const server = createServer((request, response) => {
    request.pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  const dispatcher = new Agent()
  onTestFinished(() => dispatcher.destroy())
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  const { body: echoed } = await dispatcher.request({ origin, path: '/', method: 'POST', body })
  expect(await echoed.json()).toEqual({ text: 'short' })
})
