import { acceptPurgeReceipt } from '@rushes/fleet'
import { c2cErrors, purgeReceipt } from '@rushes/protocol'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { IngestContext } from '../context.ts'
import { firstIssue } from '../http/first-issue.ts'
import { malformed, refuse, unprocessable } from '../http/reply-errors.ts'
import { withDevice } from '../http/with-device.ts'

const maxCount = 2_147_483_647
const countable = purgeReceipt
  .refine((receipt) => receipt.clearedCount <= maxCount, { path: ['clearedCount'], error: 'too large' })
  .refine((receipt) => receipt.abortedCount <= receipt.clearedCount, {
    path: ['abortedCount'],
    error: 'is a part of clearedCount and cannot exceed it',
  })
const params = z.object({ epoch: z.string().regex(/^[1-9]\d{0,8}$/) })

/** `PUT /v2/devices/purge-receipts/{epoch}`: what a device cleared when it moved. The second half of the fence. */
export function purgeReceiptRoute(app: FastifyInstance, context: IngestContext): void {
  app.put(
    '/v2/devices/purge-receipts/:epoch',
    withDevice(context, 'update', async (device, request, reply) => {
      const path = params.safeParse(request.params)
      if (!path.success) return refuse(reply, c2cErrors.notFound)
      const body = countable.safeParse(request.body)
      if (!body.success) return refuse(reply, malformed(firstIssue(body.error)))
      const receipt = { deviceId: device.id, projectEpoch: Number(path.data.epoch), receipt: body.data }
      const outcome = await context.call((clocked) => acceptPurgeReceipt(clocked, receipt))
      switch (outcome.kind) {
        case 'accepted':
        case 'alreadyAccepted':
          return reply.code(204).send()
        case 'epochAhead':
          return refuse(reply, unprocessable(`epoch: this device is at ${outcome.projectEpoch}`))
        case 'otherProject':
          return refuse(
            reply,
            unprocessable('toProjectId: this device belongs to another project; read /v2/devices/me'),
          )
        case 'deviceUnknown':
          return refuse(reply, c2cErrors.notAuthorized)
      }
    }),
  )
}
