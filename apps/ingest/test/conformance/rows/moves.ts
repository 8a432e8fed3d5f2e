import { c2cErrors } from '@rushes/protocol'
import { expect } from 'vitest'
import { createFixed, putPart, someBytes } from '../../support/clips.ts'
import { type Device, moveDevice, refreshDevice } from '../../support/pair.ts'
import { until } from '../../support/until.ts'
import { exchange, type Row, row, type Sent } from '../row.ts'
import { secret, type World } from '../world.ts'

const create = (as: Device, headers: Record<string, string> = {}): Sent => ({
  to: 'POST /v2/devices/assets',
  as,
  json: { name: 'a.mp4', filetype: 'video/mp4', filesize: 5 },
  headers,
})
const readMe = (as: Device): Sent => ({ to: 'GET /v2/devices/me', as })
const receiptOf = (at: World, toProjectId: string, change: object = {}) => ({
  fromProjectId: at.ingest.projectId,
  toProjectId,
  clearedCount: 2,
  clearedBytes: 30,
  abortedCount: 1,
  idsXxh64: 'ef46db3751d8e999',
  clearedAt: new Date().toISOString(),
  ...change,
})
const receipt = (as: Device, epoch: number | string, json: unknown): Sent => ({
  to: `PUT /v2/devices/purge-receipts/${epoch}`,
  as,
  json,
})

/** A device that was moved, before and after it fetched a new token. */
async function moved(at: World, device: Device) {
  const projectId = await at.ingest.createProject('Other')
  await moveDevice(at.ingest, device, projectId)
  return projectId
}

async function movedAgent(at: World) {
  const before = await at.newDevice()
  const projectId = await moved(at, before)
  return { before, after: await refreshDevice(at.ingest, before), projectId }
}

async function hasReadMe(at: World) {
  const given = await movedAgent(at)
  await exchange(at, readMe(given.after))
  return given
}

const refusedReceipt = (
  what: string,
  epoch: number | string,
  status: number,
  change: (at: World) => object = () => ({}),
) =>
  row({
    title: `a receipt ${what}`,
    topics: ['formerProject'],
    given: hasReadMe,
    send: (at, { after, projectId }) => receipt(after, epoch, receiptOf(at, projectId, change(at))),
    expect: { status },
    after: async (at, { after }) => expect((await exchange(at, create(after))).status).toBe(403),
  })

export const moveRows: Row[] = [
  row({
    title: 'a create with the token from before the move',
    topics: ['formerProject', 'authorization'],
    given: movedAgent,
    send: (_at, { before }) => create(before),
    expect: { status: 401, body: c2cErrors.notAuthorized },
  }),
  row({
    title: 'a create with a new token, before the new project was read',
    topics: ['formerProject'],
    given: movedAgent,
    send: (_at, { after }) => create(after),
    expect: { status: 403, body: c2cErrors.projectChanged },
  }),
  row({
    title: 'reading where one belongs now',
    topics: ['formerProject', 'identity'],
    given: movedAgent,
    send: (_at, { after }) => readMe(after),
    expect: {
      status: 200,
      has: (_at: World, { projectId }: { projectId: string }) => ({
        project_id: projectId,
        rushes: { project_epoch: 2, purge_receipt_required: true },
      }),
    },
  }),
  row({
    title: 'a create of our agent that has not told what it cleared',
    topics: ['formerProject'],
    given: hasReadMe,
    send: (_at, { after }) => create(after),
    expect: { status: 403, body: c2cErrors.purgeReceiptMissing },
  }),
  row({
    title: 'a receipt: the fence opens, and the same one again changes nothing',
    topics: ['formerProject'],
    given: hasReadMe,
    send: (at, { after, projectId }) => receipt(after, 2, receiptOf(at, projectId)),
    expect: { status: 204, body: '' },
    after: async (at, { after, projectId }) => {
      const again = receipt(after, 2, receiptOf(at, projectId, { clearedCount: 9 }))
      expect((await exchange(at, again)).status).toBe(204)
      expect((await exchange(at, create(after))).status).toBe(200)
      const kept = 'select cleared_count from purge_receipts where device_id = $1 and project_epoch = 2'
      expect(await at.one(kept, [after.id])).toEqual({ cleared_count: 2 })
    },
  }),
  refusedReceipt('of a move that has not happened', 3, 422),
  refusedReceipt('of no move', 0, 404),
  refusedReceipt('of an epoch that is none', 'x', 404),
  refusedReceipt('for another project', 2, 422, (at) => ({ toProjectId: at.ingest.projectId })),
  refusedReceipt('of more stopped than cleared', 2, 400, () => ({ abortedCount: 3 })),
  refusedReceipt('of more than there can be', 2, 400, () => ({ clearedCount: 2 ** 40 })),
  refusedReceipt('of half a clip', 2, 400, () => ({ clearedCount: 1.5 })),
  refusedReceipt('of no time', 2, 400, () => ({ clearedAt: 'yesterday' })),
  row({
    title: 'a create of a device of another maker, once it has read its project: it sends no receipts',
    topics: ['formerProject'],
    given: async (at) => {
      const before = await at.newCamera()
      await moved(at, before)
      const after = await refreshDevice(at.ingest, before, secret)
      expect((await exchange(at, create(after))).body).toEqual(c2cErrors.projectChanged)
      await exchange(at, readMe(after))
      return after
    },
    send: (_at, after) => create(after),
    expect: { status: 200 },
  }),
  row({
    title: 'a part of a clip that was registered for the former project',
    topics: ['formerProject', 'putPart'],
    given: async (at) => {
      const device = await at.newDevice()
      const clip = await createFixed(device, someBytes(10))
      await moved(at, device)
      // A bucket takes parts until ingest has told it to end the upload.
      await until('its URLs are dead', async () => (await putPart(clip.urls[0] ?? '', someBytes(10))).status === 404)
      return clip
    },
    send: (_at, { urls }) => ({
      to: `PUT ${urls[0]}`,
      raw: someBytes(10),
      headers: { 'content-type': 'video/mp4', 'x-amz-acl': 'private' },
    }),
    expect: { status: 404, code: 'NoSuchUpload' },
    after: async (at, { id }) =>
      expect(await at.one('select state, ended_because from assets where id = $1', [id])).toEqual({
        state: 'closed',
        ended_because: 'projectChanged',
      }),
  }),
  row({
    title: 'a create with a key from before the move: another clip, in the new project',
    topics: ['formerProject', 'create'],
    given: async (at) => {
      const before = await at.newDevice()
      const former = await exchange(at, create(before, { 'idempotency-key': 'same' }))
      const projectId = await moved(at, before)
      const after = await refreshDevice(at.ingest, before)
      await exchange(at, readMe(after))
      await exchange(at, receipt(after, 2, receiptOf(at, projectId)))
      return { after, projectId, former }
    },
    send: (_at, { after }) => create(after, { 'idempotency-key': 'same' }),
    expect: {
      status: 200,
      has: (_at: World, { projectId }: { projectId: string }) => ({ project_id: projectId }),
    },
    after: async (_at, { former }, reply) => expect(reply.body).not.toMatchObject({ id: Object(former.body).id }),
  }),
  row({
    title: 'a refresh of a device that stays where it is, which closes nothing',
    topics: ['formerProject', 'refresh'],
    given: async (at) => {
      const before = await at.newDevice()
      const clip = await createFixed(before, someBytes(10))
      const after = await refreshDevice(at.ingest, before)
      return { clip, after }
    },
    send: (_at, { after }) => create(after),
    expect: { status: 200 },
    after: async (at, { clip }) =>
      expect(await at.one('select state from assets where id = $1', [clip.id])).toEqual({ state: 'created' }),
  }),
]
