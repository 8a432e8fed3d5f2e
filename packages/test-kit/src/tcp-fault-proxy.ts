import { connect, createServer, type Socket } from 'node:net'
import { type ActiveByteFault, type ByteFault, passBytes } from './byte-faults.ts'
import { listenOnFreePort } from './listener.ts'

export type TcpFault = ByteFault & { direction?: 'toUpstream' | 'toClient' }

export type TcpFaultProxy = {
  readonly host: string
  readonly port: number
  /** Applies to every connection, open or to come, until removed. `hit` resolves when it first makes a difference. */
  inject(fault: TcpFault): { readonly hit: Promise<void>; remove(): void }
  /** Removes every fault; what was stalled flows on. */
  heal(): void
  refuse(): Promise<void>
  accept(): Promise<void>
  cutConnections(how?: 'close' | 'reset'): void
  close(): Promise<void>
}

/** A proxy for any protocol over TCP (WebSocket, PostgreSQL …) that spoils connections the way networks do. */
export async function startTcpFaultProxy(upstream: { host?: string; port: number }): Promise<TcpFaultProxy> {
  const active = new Set<
    ActiveByteFault & { readonly direction: 'toUpstream' | 'toClient'; readonly remove: () => void }
  >()
  const facing = (direction: 'toUpstream' | 'toClient') => () =>
    [...active].filter((fault) => fault.direction === direction)

  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const far = connect({ host: upstream.host ?? '127.0.0.1', port: upstream.port, allowHalfOpen: true, noDelay: true })
    const gone = new AbortController()
    const end = (how: 'close' | 'reset') => {
      gone.abort(new Error('the connection is gone'))
      for (const socket of [client, far]) {
        if (how === 'reset') socket.resetAndDestroy()
        else socket.destroy()
      }
    }
    far.on('error', () => end('reset'))
    client.on('error', () => end('reset'))
    for (const socket of [client, far]) socket.on('close', () => end('close'))
    pump(client, far, facing('toUpstream'), gone.signal, end)
    pump(far, client, facing('toClient'), gone.signal, end)
  })
  const listener = await listenOnFreePort(server)
  const heal = () => {
    for (const fault of active) fault.remove()
  }
  return {
    host: '127.0.0.1',
    port: listener.port,
    inject: (fault) => {
      const hit = Promise.withResolvers<void>()
      const removal = new AbortController()
      const entry = {
        fault,
        direction: fault.direction ?? 'toUpstream',
        removed: removal.signal,
        onHit: () => hit.resolve(),
        remove: () => {
          active.delete(entry)
          removal.abort()
        },
      }
      active.add(entry)
      return { hit: hit.promise, remove: entry.remove }
    },
    heal,
    refuse: listener.refuse,
    accept: listener.accept,
    cutConnections: (how = 'reset') => listener.cutConnections(how),
    close: async () => {
      heal()
      await listener.close()
    },
  }
}

function pump(
  from: Socket,
  to: Socket,
  active: () => readonly ActiveByteFault[],
  signal: AbortSignal,
  end: (how: 'close' | 'reset') => void,
): void {
  const write = (bytes: Buffer) =>
    new Promise<void>((resolve, reject) => to.write(bytes, (error) => (error ? reject(error) : resolve())))
  passBytes(from, write, active, signal).then(
    (outcome) => (outcome === 'ended' ? to.end() : end(outcome)),
    () => end('reset'), // one end broke; a proxy can only break the other
  )
}
