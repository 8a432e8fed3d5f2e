import {
  type AuthenticateAccessOutcome,
  authenticateAccesses,
  type CallingDevice,
  recordDeviceCall,
} from '@rushes/fleet'
import { c2cErrors } from '@rushes/protocol'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { IngestContext } from '../context.ts'
import { callerOf } from './caller.ts'
import { clientVersion } from './client-version.ts'
import { takeAllowance } from './rate-headers.ts'
import type { CallClass } from './rate-limiter.ts'
import { refuse } from './reply-errors.ts'

/** A call is noted at most this often, so that reading stays reading. */
const noteEveryMs = 20_000

/** `arrivedAt`: when the head of the request was read, however long its body and the database took since. */
export type DeviceHandler = (
  device: CallingDevice,
  request: FastifyRequest,
  reply: FastifyReply,
  arrivedAt: Date,
) => Promise<FastifyReply>

/** The part of a route's options that knows the device. */
export type DeviceRoute = {
  onRequest(request: FastifyRequest, reply: FastifyReply): Promise<unknown>
  handler(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>
}

/**
 * Runs a route for the device whose access token came with the call, within its rate limit; without a token that is good, 401.
 * All this before a byte of the body is read: strangers fill no memory.
 */
export function withDevice(context: IngestContext, kind: CallClass, handle: DeviceHandler): DeviceRoute {
  const authenticateToken = context.call.together(authenticateAccesses)
  const calls = new WeakMap<FastifyRequest, { device: CallingDevice; arrivedAt: Date }>()
  return {
    async onRequest(request, reply) {
      const arrivedAt = new Date(context.clock().getTime() - reply.elapsedTime)
      const device = await authenticate(context, authenticateToken, request, reply)
      if (device === null) return reply
      request.log = request.log.child({ deviceId: device.id })
      const isWithin = takeAllowance(context, reply, device.id, kind)
      if (!isWithin || !context.bodies.admit(device.id, request, reply)) return refuse(reply, c2cErrors.rateLimited)
      await note(context, request, device)
      calls.set(request, { device, arrivedAt })
    },
    async handler(request, reply) {
      const call = calls.get(request)
      if (call === undefined) throw new Error('a route was run without its hook')
      return handle(call.device, request, reply, call.arrivedAt)
    },
  }
}

/**
 * The device of the token; null when the call has been refused. Each call that no known token comes with counts as a stranger's
 * before the database is asked, and not after all when its token proves good: however many come at once, few are asked about.
 */
async function authenticate(
  context: IngestContext,
  authenticateToken: (accessToken: string, options: { turn: string }) => Promise<AuthenticateAccessOutcome>,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<CallingDevice | null> {
  const { limiter, seenTokens } = context
  const caller = callerOf(request.ip)
  const accessToken = /^Bearer +([\x21-\x7e]{1,512})$/i.exec(request.headers.authorization ?? '')?.[1]
  const isSeen = accessToken !== undefined && seenTokens.has(accessToken)
  if (!isSeen && !takeAllowance(context, reply, caller, 'stranger')) {
    refuse(reply, c2cErrors.rateLimited)
    return null
  }
  if (accessToken !== undefined) {
    const outcome = await authenticateToken(accessToken, { turn: accessToken })
    if (outcome.kind === 'authenticated') {
      seenTokens.add(accessToken)
      if (!isSeen) limiter.giveBack(caller, 'stranger')
      return outcome.device
    }
    seenTokens.forget(accessToken)
  }
  refuse(reply, c2cErrors.notAuthorized)
  return null
}

/** Writes down that the device called, and the firmware that it says it runs. */
async function note(context: IngestContext, request: FastifyRequest, device: CallingDevice): Promise<void> {
  const firmwareVersion = clientVersion(request)
  const isNew = firmwareVersion !== null && firmwareVersion !== device.firmwareVersion
  const sinceMs = context.clock().getTime() - (device.lastCallAt?.getTime() ?? 0)
  if (isNew || sinceMs >= noteEveryMs)
    await context.call((clocked) => recordDeviceCall(clocked, { deviceId: device.id, firmwareVersion }))
}
