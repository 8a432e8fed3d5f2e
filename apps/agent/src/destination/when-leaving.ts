import { subscribe } from 'node:diagnostics_channel'
import { Socket } from 'node:net'

/**
 * The body that begins to leave at this moment. undici tells whoever made a request that it does, but not by which connection; that it
 * publishes on its diagnostics channel, in the same turn, after the headers were written and before the body is.
 */
let leaving: { body: object; then: (connection: Socket) => void } | null = null
subscribe('undici:client:sendHeaders', (message) => {
  const awaited = leaving
  leaving = null
  if (awaited === null) return
  if (typeof message !== 'object' || message === null || !('request' in message) || !('socket' in message)) return
  const { request, socket } = message
  if (!(socket instanceof Socket)) return
  if (typeof request !== 'object' || request === null || !('body' in request)) return
  if (request.body === awaited.body) awaited.then(socket)
})

/**
 * To be called when undici says that a request begins to leave, with the very object that it was given as the body: `then`, which must not throw,
 * learns by which connection.
 */
export function whenLeaving(body: object, then: (connection: Socket) => void): void {
  leaving = { body, then }
}
