import { listOwnAssets, type OwnAsset } from '@rushes/fleet'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { IngestContext } from '../context.ts'
import { firstIssue } from '../http/first-issue.ts'
import { malformed, refuse } from '../http/reply-errors.ts'
import { withDevice } from '../http/with-device.ts'

/** No clip is older, or from so far ahead; calendars of databases end before those of clocks. */
const [earliestMs, latestMs] = [0, Date.UTC(9_999, 0)]
const instant = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(Math.min(latestMs, Math.max(earliestMs, Date.parse(text)))))

const query = z.object({
  since: instant.default(new Date(earliestMs)),
  /** `next` of the page before. */
  after: z
    .string()
    .regex(/^\d{1,14}\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
    .optional(),
})
const pageSize = 500

/** `GET /v2/devices/assets?since=`: the clips that this device created, oldest first; for rebuilding a lost queue. */
export function listAssetsRoute(app: FastifyInstance, context: IngestContext): void {
  app.get(
    '/v2/devices/assets',
    withDevice(context, 'read', async (device, request, reply) => {
      const asked = query.safeParse(request.query)
      if (!asked.success) return refuse(reply, malformed(firstIssue(asked.error)))
      const [createdAtMs, id] = asked.data.after?.split('.') ?? []
      const page = await context.call((clocked) =>
        listOwnAssets(clocked, {
          deviceId: device.id,
          since: asked.data.since,
          after:
            createdAtMs === undefined || id === undefined ? null : { createdAt: new Date(Number(createdAtMs)), id },
          limit: pageSize,
        }),
      )
      const last = page.length < pageSize ? undefined : page.at(-1)
      const next = last === undefined ? null : `${last.createdAt.getTime()}.${last.id}`
      return reply.send({ assets: page.map(ownBody), next })
    }),
  )
}

const ownBody = (asset: OwnAsset) => ({
  id: asset.id,
  name: asset.name,
  filetype: asset.filetype,
  filesize: asset.filesizeBytes,
  project_id: asset.projectId,
  status: asset.status,
  verified: asset.verified,
  captured_at: asset.capturedAt.toISOString(),
  inserted_at: asset.createdAt.toISOString(),
  relativePath: asset.relativePath,
  volumeId: asset.volumeId,
  fileXxh64: asset.fileXxh64,
})
