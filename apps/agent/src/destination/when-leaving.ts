import { subscribe } from 'node:diagnostics_channel'

/**
 * What to do as a body begins to leave, which may be long after its request was made: there has to be a connection first. undici does not say,
 * but publishes it on its diagnostics channel, after the headers were written and before the body is.
 */
const leaving = new WeakMap<object, () => void>()
subscribe('undici:client:sendHeaders', (message) => {
  if (typeof message !== 'object' || message === null || !('request' in message)) return
  const { request } = message
  if (typeof request !== 'object' || request === null || !('body' in request)) return
  if (typeof request.body === 'object' && request.body !== null) leaving.get(request.body)?.()
})

/** Calls `then` each time this body, which is to be the very object that the request was made with, begins to leave. */
export function whenLeaving(body: object, then: () => void): void {
  leaving.set(body, then)
}
