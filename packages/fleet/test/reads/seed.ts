import { assetParts, assets, type Database, deviceModels, devices, deviceUploads, projects } from '@rushes/db'

/** Puts rows into the database as the other programs would; what a test does not care about has a plausible value. */
export function seed(db: Database) {
  return {
    async project(name: string) {
      const id = crypto.randomUUID()
      await db.insert(projects).values({ id, name })
      return { id, name }
    },
    async device(name: string, over: Partial<typeof devices.$inferInsert> & { isOurAgent?: boolean } = {}) {
      const { isOurAgent = true, ...rest } = over
      const modelName = isOurAgent ? 'Rushes agent' : 'Camera'
      await db
        .insert(deviceModels)
        .values({ name: modelName, isOurAgent, clientSecretSha256: isOurAgent ? null : 'x' })
        .onConflictDoNothing()
      const model = await db.query.deviceModels.findFirst({ where: (t, { eq }) => eq(t.name, modelName) })
      const id = crypto.randomUUID()
      const projectEpoch = rest.projectId === undefined || rest.projectId === null ? 0 : 1
      await db.insert(devices).values({ id, name, clientId: id, modelId: model?.id ?? '', projectEpoch, ...rest })
      return { id, name }
    },
    async upload(deviceId: string, over: Partial<typeof deviceUploads.$inferInsert> & { uploadId: string }) {
      await db.insert(deviceUploads).values({
        deviceId,
        path: `/card/${over.uploadId}.mov`,
        sizeBytes: 1000,
        capturedAt: new Date('2026-11-22T08:00:00Z'),
        state: 'queued',
        partsDone: 0,
        partsTotal: 2,
        bytesAcknowledged: 0,
        attempts: 0,
        updatedAt: new Date('2026-11-22T08:05:00Z'),
        ...over,
      })
    },
    async asset(deviceId: string, projectId: string, over: Partial<typeof assets.$inferInsert> = {}) {
      const id = crypto.randomUUID()
      const isAvailable = over.state === 'available'
      await db.insert(assets).values({
        id,
        deviceId,
        projectId,
        projectEpoch: 1,
        name: 'A001.mov',
        filetype: 'video/quicktime',
        uploadKind: 'fixed',
        filesizeBytes: 1000,
        capturedAt: new Date('2026-11-22T08:00:00Z'),
        folder: 'Cloud Devices',
        storeKey: id,
        ...(isAvailable ? { availableAt: new Date('2026-11-22T08:10:00Z') } : {}),
        ...over,
      })
      return id
    },
    async part(assetId: string, number: number, over: Partial<typeof assetParts.$inferInsert> = {}) {
      await db.insert(assetParts).values({ assetId, number, sizeBytes: 500, offsetBytes: (number - 1) * 500, ...over })
    },
  }
}
