import { DatabaseSync } from 'node:sqlite'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { createDestination } from '../../src/destination/create-destination.ts'
import { createDispatcher } from '../../src/destination/create-dispatcher.ts'
import type { Destination } from '../../src/destination/port.ts'
import { findUpload } from '../../src/queue/apply-upload-event.ts'
import { readUploadLink, storeUploadLink } from '../../src/queue/links.ts'
import { createAuthorization } from '../../src/upload/authorization.ts'
import { addClip, identity, testQueue } from '../queue/test-queue.ts'

test('an identity that was read before the device was paired anew does not open the fence of the new pairing', async () => {
  const { queue, clock } = testQueue({ isOurs: false })
  const { id } = addClip(queue)
  const settings = {
    dispatcher: createDispatcher({ maxPartsInFlight: 1 }),
    clientVersion: '1.0.0',
    allowInsecure: true,
  }
  const tokensRead: string[] = []
  const destination: Destination = {
    ...createDestination(settings, { baseUrl: 'http://127.0.0.1:1', isOurs: false }),
    async me(accessToken) {
      tokensRead.push(accessToken)
      if (accessToken === 'access-2') return { kind: 'identity', identity: { ...identity('project-b'), fence: null } }
      storeUploadLink(queue, {
        serverUrl: 'http://127.0.0.1:2',
        isOurs: false,
        clientId: 'unit',
        clientSecret: null,
        accessToken: 'access-2',
        accessExpiresAt: clock.now + 8 * 3_600_000,
        refreshToken: 'refresh-2',
      })
      return { kind: 'identity', identity: { ...identity('project-a'), fence: null } }
    },
  }
  const { signal } = new AbortController()
  const log = pino({ level: 'silent' })
  const authorization = createAuthorization({ queue, destinationOf: () => destination, log, signal })
  expect(await authorization.confirm()).toEqual({ kind: 'confirmed', moved: true })
  expect(tokensRead).toEqual(['access-1', 'access-2'])
  expect(readUploadLink(queue)).toMatchObject({ project: { id: 'project-b' }, fence: 'open' })
  expect(findUpload(queue, id)?.state).toEqual({ kind: 'cleared', reason: 'projectChanged', heldFor: null })
})

test('who asks while the identity is read gets the answer of a reading that began after the question', async () => {
  const { queue } = testQueue({ isOurs: false })
  const settings = {
    dispatcher: createDispatcher({ maxPartsInFlight: 1 }),
    clientVersion: '1.0.0',
    allowInsecure: true,
  }
  const firstReading = Promise.withResolvers<void>()
  let projectId = 'project-a'
  let readings = 0
  const destination: Destination = {
    ...createDestination(settings, { baseUrl: 'http://127.0.0.1:1', isOurs: false }),
    async me() {
      const read = { ...identity(projectId), fence: null }
      readings++
      if (readings === 1) await firstReading.promise
      return { kind: 'identity', identity: read }
    },
  }
  const { signal } = new AbortController()
  const log = pino({ level: 'silent' })
  const authorization = createAuthorization({ queue, destinationOf: () => destination, log, signal })
  const before = authorization.confirm()
  projectId = 'project-b'
  const after = [authorization.confirm(), authorization.confirm({ refusedToken: 'of-old' })]
  firstReading.resolve()
  expect(await before).toEqual({ kind: 'confirmed', moved: false })
  expect(await Promise.all(after)).toEqual([
    { kind: 'confirmed', moved: true },
    { kind: 'confirmed', moved: true },
  ])
  expect(readings).toBe(2)
})

test('who asks again at the moment of an answer, while others wait for the next reading, waits with them: two never read at once', async () => {
  const { queue } = testQueue({ isOurs: false })
  const settings = {
    dispatcher: createDispatcher({ maxPartsInFlight: 1 }),
    clientVersion: '1.0.0',
    allowInsecure: true,
  }
  let [reading, mostAtOnce, readings] = [0, 0, 0]
  const destination: Destination = {
    ...createDestination(settings, { baseUrl: 'http://127.0.0.1:1', isOurs: false }),
    async me() {
      mostAtOnce = Math.max(mostAtOnce, ++reading)
      readings++
      await new Promise(setImmediate)
      reading--
      return { kind: 'identity', identity: { ...identity('project-a'), fence: null } }
    },
  }
  const { signal } = new AbortController()
  const log = pino({ level: 'silent' })
  const authorization = createAuthorization({ queue, destinationOf: () => destination, log, signal })
  const first = authorization.confirm()
  const again = first.then(() => authorization.confirm())
  const waiting = authorization.confirm()
  expect(await Promise.all([first, again, waiting])).toEqual(Array(3).fill({ kind: 'confirmed', moved: false }))
  expect({ mostAtOnce, readings }).toEqual({ mostAtOnce: 1, readings: 2 })
})

test('a renewed pair lies in the queue file, for whoever opens it, before anything is sent with it', async () => {
  const { queue, stateDir } = testQueue({ isOurs: false })
  const settings = {
    dispatcher: createDispatcher({ maxPartsInFlight: 1 }),
    clientVersion: '1.0.0',
    allowInsecure: true,
  }
  const sent: { accessToken: string; stored: unknown }[] = []
  const destination: Destination = {
    ...createDestination(settings, { baseUrl: 'http://127.0.0.1:1', isOurs: false }),
    async refresh({ refreshToken }) {
      expect(refreshToken).toBe('refresh-1')
      const tokens = { accessToken: 'access-2', refreshToken: 'refresh-2', accessLifetimeMs: 8 * 3_600_000 }
      return { kind: 'tokens', tokens }
    },
    async me(accessToken) {
      using stored = new DatabaseSync(`${stateDir}/queue.db`, { readOnly: true })
      sent.push({ accessToken, stored: stored.prepare('SELECT access_token, refresh_token FROM upload_link').get() })
      return { kind: 'identity', identity: { ...identity('project-a'), fence: null } }
    },
  }
  const { signal } = new AbortController()
  const log = pino({ level: 'silent' })
  const authorization = createAuthorization({ queue, destinationOf: () => destination, log, signal })
  expect(await authorization.confirm({ renew: true })).toEqual({ kind: 'confirmed', moved: false })
  const stored = { access_token: 'access-2', refresh_token: 'refresh-2' }
  expect(sent).toEqual([{ accessToken: 'access-2', stored: expect.objectContaining(stored) }])
})
