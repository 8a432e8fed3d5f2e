import { subscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'

/**
 * What to do as a body begins to leave, which may be long after its request was made: there has to be a connection first. undici does not say,
 * but publishes it on its diagnostics channel, after the headers were written and before the body is.
 */
const leaving = new WeakMap<object, (connection: Socket) => void>()
subscribe('undici:client:sendHeaders', (message) => {
  if (typeof message !== 'object' || message === null || !('request' in message) || !('socket' in message)) return
  const { request, socket } = message
  if (!(socket instanceof Socket)) return
  if (typeof request !== 'object' || request === null || !('body' in request)) return
  if (typeof request.body === 'object' && request.body !== null) leaving.get(request.body)?.(socket)
})

/** Calls `then`, which must not throw, each time this body, which is to be the very object that the request was made with, begins to leave. */
export function whenLeaving(body: object, then: (connection: Socket) => void): void {
  leaving.set(body, then)
}
