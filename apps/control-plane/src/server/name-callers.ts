import { type IncomingMessage, Server } from 'node:http'
import { clientAddressReader } from '@rushes/fleet'

const header = 'x-forwarded-for'

/**
 * From now on `x-forwarded-for` of each request holds one address, that of the client, before anything else reads it. Next passes on
 * what a client writes there, and limits by address would be none if each request could name another one.
 */
export function nameCallers(trustedProxies: readonly string[]): void {
  const read = clientAddressReader(trustedProxies)
  const { emit } = Server.prototype
  Server.prototype.emit = function emitNamed(this: Server, event: string | symbol, ...args: unknown[]) {
    if (event === 'request' || event === 'upgrade') {
      const { headers, socket } = args[0] as IncomingMessage
      const client = read({ socketAddress: socket.remoteAddress, forwardedFor: headers[header] })
      if (client === null) delete headers[header]
      else headers[header] = client
    }
    return emit.call(this, event, ...args)
  } as typeof emit
}
