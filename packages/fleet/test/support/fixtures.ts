import { randomUUID } from 'node:crypto'
import { type Database, deviceModels, devices, projectAssignments, projects } from '@rushes/db'
import type { Actor } from '../../src/context.ts'

export const ana: Actor = { kind: 'person', id: 'person-ana', name: 'Ana' }

export async function insertProject(db: Database, name = 'Harbour Nights'): Promise<string> {
  const id = randomUUID()
  await db.insert(projects).values({ id, name })
  return id
}

/** A device of our own agent in a project, as it is after its first pairing and first `/v2/devices/me`. */
export async function insertDevice(db: Database, projectId: string, name = 'A-Cam'): Promise<string> {
  await db.insert(deviceModels).values({ name: 'Rushes agent', isOurAgent: true }).onConflictDoNothing()
  const model = await db.query.deviceModels.findFirst()
  if (model === undefined) throw new Error('the model was just inserted')
  const id = randomUUID()
  await db.insert(devices).values({
    id,
    modelId: model.id,
    clientId: `rushes-agent-${id}`,
    name,
    projectId,
    projectEpoch: 1,
    meReadEpoch: 1,
    purgeReceiptEpoch: 1,
  })
  await db
    .insert(projectAssignments)
    .values({ deviceId: id, projectEpoch: 1, toProjectId: projectId, assignedBy: ana.name })
  return id
}
