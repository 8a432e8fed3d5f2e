import { authenticateAccess, type CallingDevice, recordDeviceCall } from '@rushes/fleet'
import { c2cErrors } from '@rushes/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { IngestContext } from '../context.ts'
import { clientVersion } from './client-version.ts'
import type { CallClass } from './rate-limiter.ts'
import { refuse } from './reply-errors.ts'
import { takeAllowance } from './take-allowance.ts'

/** A call is noted at most this often, so that reading stays reading. */
const noteEveryMs = 20_000

/** `arrivedAt`: when the head of the request was read, however long its body and the database took since. */
export type DeviceHandler = (
  device: CallingDevice,
  request: FastifyRequest,
  reply: FastifyReply,
  arrivedAt: Date,
) => Promise<FastifyReply>

/** Runs a route for the device whose access token came with the call, within its rate limit; without a token that is good, 401. */
export function withDevice(
  context: IngestContext,
  kind: CallClass,
  handle: DeviceHandler,
): (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply> {
  return async (request, reply) => {
    const arrivedAt = new Date(context.clock().getTime() - reply.elapsedTime)
    const accessToken = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(request.headers.authorization ?? '')?.[1]
    if (accessToken === undefined) return refuse(reply, c2cErrors.notAuthorized)
    const outcome = await context.call((clocked) => authenticateAccess(clocked, { accessToken }))
    if (outcome.kind === 'refused') return refuse(reply, c2cErrors.notAuthorized)
    const { device } = outcome
    request.log = request.log.child({ deviceId: device.id })
    if (!takeAllowance(context, reply, device.id, kind)) return refuse(reply, c2cErrors.rateLimited)

    const firmwareVersion = clientVersion(request)
    const isNew = firmwareVersion !== null && firmwareVersion !== device.firmwareVersion
    const sinceMs = context.clock().getTime() - (device.lastCallAt?.getTime() ?? 0)
    if (isNew || sinceMs >= noteEveryMs)
      await context.call((clocked) => recordDeviceCall(clocked, { deviceId: device.id, firmwareVersion }))
    return handle(device, request, reply, arrivedAt)
  }
}
