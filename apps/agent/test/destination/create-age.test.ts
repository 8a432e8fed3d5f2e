import { createServer } from 'node:http'
import { Agent, buildConnector } from 'undici'
import { expect, it, onTestFinished } from 'vitest'
import { createDestination } from '../../src/destination/create-destination.ts'
import { exchange } from '../../src/destination/exchange.ts'
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

it.for([
  ['the longest number there is', { text: 'Größe' }, -Number.MAX_VALUE],
  ['the shortest', { text: 'Größe' }, 0],
  ['a number in an object that has nothing else', {}, 7],
])('keeps to the length that it announced for %s', async ([, object, number]) => {
  const { ask } = await startEcho()
  let value = 1
  const { content, complete } = lateJson(object as object, { name: 'the "age"', value: () => value })
  value = number as number
  const { text } = await ask(content, complete)
  expect(text).toHaveLength(content.toString().length)
  expect(JSON.parse(text ?? '')).toEqual({ ...(object as object), 'the "age"': number })
})

it('ends with what went wrong while the body was completed, and sends nothing of it', async () => {
  const { ask, requests } = await startEcho()
  const wrong = new Error('the clock cannot be read')
  const failing = () => {
    throw wrong
  }
  await expect(ask(Buffer.from('{}'), failing)).rejects.toBe(wrong)
  expect((await ask(Buffer.from('{}'), () => undefined)).text).toBe('{}')
  expect(requests()).toBe(1)
})

/** A server that says back what it is told, and one connection to it. */
async function startEcho() {
  let requests = 0
  const server = createServer((request, response) => {
    requests++
    request.pipe(response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const dispatcher = new Agent({ connections: 1 })
  onTestFinished(async () => {
    await dispatcher.destroy()
    server.close()
  })
  const address = server.address()
  const origin = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}`
  return {
    requests: () => requests,
    ask: (body: Buffer, onStart: () => void) =>
      exchange(
        dispatcher,
        { origin, path: '/', method: 'POST', body },
        { signal: never, maxReplyBytes: 1_000, onStart },
      ),
  }
}
