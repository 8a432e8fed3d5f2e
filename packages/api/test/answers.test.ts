import { deviceModels, devices, projects } from '@rushes/db'
import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ApiContext } from '../src/context.ts'
import { appRouter } from '../src/router.ts'
import { callerAs, now } from './caller.ts'

let database: TestDatabase
const [projectId, deviceId] = [crypto.randomUUID(), crypto.randomUUID()]

beforeAll(async () => {
  database = await createTestDatabase()
  const modelId = crypto.randomUUID()
  await database.db.insert(projects).values({ id: projectId, name: 'Feature' })
  await database.db.insert(deviceModels).values({ id: modelId, name: 'Rushes agent', isOurAgent: true })
  await database.db
    .insert(devices)
    .values({ id: deviceId, name: 'Cart', modelId, clientId: 'c', projectId, projectEpoch: 1 })
})
afterAll(() => database.drop())

/** As the browser sends it, answered over HTTP. */
async function call(path: string, input: unknown, over: Partial<ApiContext> = {}) {
  const unexpected: unknown[] = []
  const response = await fetchRequestHandler({
    endpoint: '/api/trpc',
    router: appRouter,
    req: new Request(`http://rushes.test/api/trpc/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(input),
    }),
    createContext: (): ApiContext => ({
      db: database.db,
      now: () => now,
      signedIn: {
        person: { id: 'p', name: 'Ana', email: 'ana@example.com', role: 'operator' },
        session: { id: 's', expiresAt: now },
      },
      remoteAddress: null,
      publicUrl: 'http://rushes.test',
      requestId: 'request-1',
      onUnexpected: ({ error }) => unexpected.push(error),
      ...over,
    }),
  })
  const body: { error: { message: string; data: Record<string, unknown> } } = JSON.parse(await response.text())
  return { status: response.status, body, unexpected }
}

test('a refusal of a verb names the fault, says it in words and what to do', async () => {
  await callerAs('operator', database.db).devices.pauseSharing({ deviceId, reason: 'lunch' })
  const { status, body, unexpected } = await call('devices.pauseSharing', { deviceId, reason: 'lunch' })
  expect(status).toBe(409)
  expect(body.error).toMatchObject({
    message: 'operator has paused sharing here already.',
    data: { fault: 'alreadyPaused', hint: 'What is captured now does not upload.', requestId: 'request-1' },
  })
  expect(unexpected).toEqual([])
})

test('an unexpected failure is told to the log, and to the browser only as an id', async () => {
  const broken = await createTestDatabase()
  await broken.drop()
  const { status, body, unexpected } = await call('projects.create', { name: 'X' }, { db: broken.db })
  expect(status).toBe(500)
  expect(body.error).toMatchObject({
    message: 'Something went wrong on the server.',
    data: { fault: null, requestId: 'request-1' },
  })
  expect(JSON.stringify(body)).not.toMatch(/pool|select|postgres/i)
  expect(unexpected).toHaveLength(1)
})

test('an input that does not fit is refused before any verb runs', async () => {
  const { status, body } = await call('devices.assign', { deviceId: 'x', projectId, reason: '' })
  expect(status).toBe(400)
  expect(body.error.data).toMatchObject({ code: 'BAD_REQUEST', fault: null })
})

test.each([
  ['too long', 'x'.repeat(501), '“Reason” is too long.', 'Take at most 500 characters.'],
  ['empty', ' ', '“Reason” is missing.', 'Fill it in, then try again.'],
  ['of the wrong type', 7, '“Reason” cannot be used.', expect.stringContaining('reload the page')],
])('a field that is %s is refused in words, not as JSON of the parser', async (_what, reason, message, hint) => {
  const { body, unexpected } = await call('devices.assign', { deviceId, projectId, reason })
  expect(body.error).toMatchObject({ message, data: { code: 'BAD_REQUEST', hint } })
  expect(unexpected).toEqual([])
})

test('what fails before any procedure runs is not repeated to the browser', async () => {
  const response = await fetchRequestHandler({
    endpoint: '/api/trpc',
    router: appRouter,
    req: new Request('http://rushes.test/api/trpc/me'),
    createContext: () => {
      throw new Error('Failed query: select token from sessions params: s3cret')
    },
  })
  expect(response.status).toBe(500)
  expect(await response.text()).not.toMatch(/select|s3cret/)
})

test('a mutation cannot be called by GET', async () => {
  const response = await fetchRequestHandler({
    endpoint: '/api/trpc',
    router: appRouter,
    req: new Request(`http://rushes.test/api/trpc/pairing.deny?input=${encodeURIComponent('{"requestId":"x"}')}`),
    createContext: () => {
      throw new Error('not reached: the method is refused first')
    },
  })
  expect(response.status).toBe(405)
})

test('the same command sent again under its id is sent once', async () => {
  const caller = callerAs('operator', database.db)
  const sending = { commandId: crypto.randomUUID(), deviceIds: [deviceId], command: { kind: 'holdUploads' as const } }
  const first = await caller.commands.send(sending)
  const again = await caller.commands.send(sending)
  expect([first.kind, again.kind]).toEqual(['enqueued', 'alreadyEnqueued'])
  expect((await caller.commands.list({})).rows).toHaveLength(1)
})

test('clearing a queue takes a reason, which is kept with the command', async () => {
  const caller = callerAs('operator', database.db)
  const commandId = crypto.randomUUID()
  const { status } = await call('commands.send', { commandId, deviceIds: [deviceId], command: { kind: 'clearQueue' } })
  expect(status).toBe(400)
  await caller.commands.send({
    commandId,
    deviceIds: [deviceId],
    command: { kind: 'clearQueue', reason: 'wrong card' },
  })
  expect(await caller.commands.get({ commandId })).toMatchObject({
    body: { kind: 'clearQueue' },
    reason: 'wrong card',
    issuedBy: 'operator',
  })
})

test('offering a clip again that was captured in a pause takes a reason, which goes to the device, the command and the audit', async () => {
  const caller = callerAs('operator', database.db)
  const commandId = crypto.randomUUID()
  const sending = (more: object) =>
    call('commands.send', {
      commandId,
      deviceIds: [deviceId],
      command: { kind: 'unblockUpload', uploadId: 'u1', ...more },
    })
  for (const more of [{}, { reason: '  ' }, { reason: 'x'.repeat(501) }]) expect((await sending(more)).status).toBe(400)
  await caller.commands.send({
    commandId,
    deviceIds: [deviceId],
    command: { kind: 'unblockUpload', uploadId: 'u1', reason: ' the client has agreed ' },
  })
  expect(await caller.commands.get({ commandId })).toMatchObject({
    body: { kind: 'unblockUpload', uploadId: 'u1', reason: 'the client has agreed' },
    reason: 'the client has agreed',
  })
  const { entries } = await caller.activity.list({ filter: { subject: 'command' } })
  expect(entries.filter(({ action }) => action === 'command.unblockUpload').map(({ reason }) => reason)).toEqual([
    'the client has agreed',
  ])
})

test('emptying a trash that is not what the person saw says how much there is', async () => {
  const { status, body } = await call(
    'trash.empty',
    { projectId, clipCount: 3, asOf: now.toISOString() },
    {
      signedIn: {
        person: { id: 'p', name: 'Ana', email: 'ana@example.com', role: 'admin' },
        session: { id: 's', expiresAt: now },
      },
    },
  )
  expect([status, body.error.message]).toEqual([409, 'There are 0 clips in the trash now, not as many as you saw.'])
})
