import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { join } from 'node:path'

export type DatabaseProxy = {
  /** The same database through the proxy. */
  url: string
  /** Breaks every connection and, until `accept`, every new one. */
  refuse(): void
  accept(): void
  /** Breaks the connections that there are. */
  cut(): void
  close(): Promise<void>
}

/** Stands between ingest and PostgreSQL, whichever kind of socket that listens on, to break connections as networks do. */
export async function startDatabaseProxy(databaseUrl: string): Promise<DatabaseProxy> {
  const target = new URL(databaseUrl)
  const socketDir = target.searchParams.get('host')
  const port = target.port === '' ? 5432 : Number(target.port)
  const reach = () =>
    socketDir === null
      ? connect({ host: target.hostname, port })
      : connect({ path: join(socketDir, `.s.PGSQL.${port}`) })
  const open = new Set<Socket>()
  let refusing = false
  const server = createServer((client) => {
    if (refusing) return void client.destroy()
    const upstream = reach()
    for (const socket of [client, upstream]) {
      open.add(socket)
      socket.on('error', () => socket.destroy()) // the other side is told by the close
      socket.on('close', () => {
        open.delete(socket)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream).pipe(client)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port')
  const url = new URL(databaseUrl)
  url.searchParams.delete('host')
  url.hostname = '127.0.0.1'
  url.port = String(address.port)
  const cut = () => {
    for (const socket of open) socket.destroy()
  }
  return {
    url: url.href,
    cut,
    refuse() {
      refusing = true
      cut()
    },
    accept() {
      refusing = false
    },
    async close() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
