import { createTestDatabase, type TestDatabase } from '@rushes/db/testing'
import { type Role, roles } from '@rushes/fleet'
import { TRPCError } from '@trpc/server'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ProcedurePath } from '../src/procedure-roles.ts'
import { procedurePaths, roleNeededFor } from '../src/procedure-roles.ts'
import { callerAs } from './caller.ts'

let database: TestDatabase
beforeAll(async () => {
  database = await createTestDatabase()
})
afterAll(() => database.drop())

const id = '00000000-0000-4000-8000-000000000001'

/** A well-formed input for each procedure, about things that do not exist: what counts here is who is let in. */
const inputs: Record<ProcedurePath, unknown> = {
  me: undefined,
  'links.inspect': { token: 'rushes_link_x' },
  'links.use': { token: 'rushes_link_x', password: 'a good password' },
  'fleet.list': {},
  'fleet.summary': {},
  'fleet.conditions': undefined,
  'fleet.preview': { kind: 'clearQueue', deviceIds: [id] },
  'devices.get': { deviceId: id },
  'devices.uploads': { deviceId: id },
  'devices.uploadCounts': { deviceId: id },
  'devices.executions': { deviceId: id },
  'devices.timeline': { deviceId: id },
  'devices.assign': { deviceId: id, projectId: id, reason: 'test' },
  'devices.pauseSharing': { deviceId: id, reason: 'test' },
  'devices.resumeSharing': { deviceId: id },
  'devices.forget': { deviceId: id, reason: 'test' },
  'devices.setAuthorizationExpiry': { deviceId: id, expiresAt: null },
  'pairing.pending': undefined,
  'pairing.approve': { userCode: '123456', projectId: id },
  'pairing.deny': { requestId: id },
  'projects.list': {},
  'projects.get': { projectId: id },
  'projects.setFolderBy': { projectId: id, folderBy: 'upload' },
  'projects.create': { name: 'A project' },
  'projects.manifestPreview': { projectId: id, day: null, deviceId: null },
  'projects.pauseSharing': { projectId: id, reason: 'test' },
  'projects.resumeSharing': { projectId: id },
  'commands.list': {},
  'commands.get': { commandId: id },
  'commands.send': { commandId: id, deviceIds: [id], command: { kind: 'holdUploads' } },
  'commands.cancel': { commandId: id },
  'uploads.list': {},
  'uploads.counts': {},
  'clips.get': { assetId: id },
  'clips.parts': { assetId: id },
  'clips.checkAgain': { assetId: id },
  'clips.rename': { assetId: id, name: 'take 7.mov' },
  'activity.list': {},
  'trash.list': { projectId: id },
  'trash.put': { assetIds: [id] },
  'trash.restore': { assetIds: [id] },
  'trash.empty': { projectId: id, clipCount: 0, asOf: '2026-11-22T10:00:00Z' },
  'trash.setRetention': { projectId: id, trashDays: 30, clipDays: null },
  'trash.previewRetention': { projectId: id, trashDays: 30, clipDays: null },
  'people.list': undefined,
  'people.create': { name: 'Bea', email: 'bea@example.com', role: 'viewer' },
  'people.createResetLink': { email: 'nobody@example.com' },
}

/** Whether the call got past the door: what the verb then says of a thing that does not exist is its own affair. */
async function isLetIn(role: Role | null, path: string): Promise<boolean> {
  const caller = callerAs(role, database.db)
  const procedure = path.split('.').reduce((at: unknown, key) => Reflect.get(Object(at), key), caller)
  if (typeof procedure !== 'function') throw new Error(`${path} is no procedure`)
  try {
    await procedure(inputs[path as ProcedurePath])
    return true
  } catch (error) {
    if (!(error instanceof TRPCError)) throw error
    if (error.code === 'UNAUTHORIZED' || error.code === 'FORBIDDEN') return false
    if (error.code === 'INTERNAL_SERVER_ERROR' || error.code === 'BAD_REQUEST') throw error
    return true
  }
}

test.each(procedurePaths)('%s lets in exactly the roles that suffice for it', async (path) => {
  const needed = roleNeededFor(path)
  if (needed === undefined) throw new Error(`${path} has no role`)
  const letIn = []
  for (const role of [null, ...roles]) if (await isLetIn(role, path)) letIn.push(role)
  const expected = needed === 'anyone' ? [null, ...roles] : roles.slice(roles.indexOf(needed))
  expect(letIn).toEqual(expected)
})
