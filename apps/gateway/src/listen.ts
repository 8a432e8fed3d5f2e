import type { Server } from 'node:http'
import { GatewayError } from './gateway-error.ts'

/** Binds the server; resolves with the port. @throws GatewayError `portTaken`, `addressNotUsable` */
export function listen(server: Server, { host, port }: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause: NodeJS.ErrnoException) => {
      reject(
        cause.code === 'EADDRINUSE'
          ? new GatewayError(
              'portTaken',
              `port ${port} of ${host} is taken`,
              'Stop what listens there, or set RUSHES_GATEWAY_PORT to another',
              cause,
            )
          : new GatewayError(
              'addressNotUsable',
              `cannot listen at ${host}:${port}`,
              'Set RUSHES_HOST to an address of this machine, and RUSHES_GATEWAY_PORT to a port it may use',
              cause,
            ),
      )
    })
    server.listen(port, host, () => {
      const address = server.address()
      if (address === null || typeof address === 'string') throw new Error('the server listens at no port')
      resolve(address.port)
    })
  })
}
