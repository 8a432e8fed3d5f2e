import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { errnoOf, Failure } from '../failure.ts'

/** A port to take, and how a person says another one. */
export type WantedPort = { readonly name: string; readonly port: number; readonly host: string; readonly setBy: string }

/** Ports above 1023 that browsers and `fetch` refuse to open ("bad ports" of the Fetch standard): nobody could look at a page there. */
const refusedByBrowsers: readonly number[] = [
  1719, 1720, 1723, 2049, 3659, 4045, 4190, 5060, 5061, 6000, 6566, 6665, 6666, 6667, 6668, 6669, 6679, 6697, 10080,
]

/** @throws Failure `portTaken` naming the port, who has it, and what to set; `portRefusedByBrowsers` */
export async function requireFreePort(wanted: WantedPort): Promise<void> {
  const { name, port, host, setBy } = wanted
  if (refusedByBrowsers.includes(port)) {
    throw new Failure(
      'portRefusedByBrowsers',
      `port ${port}, wanted for the ${name}, is one that browsers refuse to open`,
      `Choose another port with ${setBy}`,
    )
  }
  try {
    await bindOnce(port, host)
  } catch (cause) {
    const code = errnoOf(cause)
    if (code === 'EADDRINUSE') {
      const holder = await holderOf(port)
      throw new Failure(
        'portTaken',
        `port ${port}, wanted for the ${name}, is taken${holder === undefined ? '' : ` by ${holder}`}`,
        `End that program, or choose another port with ${setBy}`,
        cause,
      )
    }
    if (code === 'EACCES' || code === 'EADDRNOTAVAIL') {
      throw new Failure(
        'portTaken',
        `port ${port} on ${host}, wanted for the ${name}, cannot be opened (${code})`,
        code === 'EACCES' ? `Ports below 1024 need root: choose another with ${setBy}` : 'Check --host',
        cause,
      )
    }
    throw cause
  }
}

/** Below those that systems give to whoever asks for any, so that nobody has it before the program listens there. */
const [lowestFree, highestFree] = [10_240, 32_767]

/** A port that nothing listens on at this moment. Rejects with the error of listening when it has tried a hundred. */
export async function freePort(host = '127.0.0.1'): Promise<number> {
  for (let tries = 1; ; tries++) {
    try {
      return await bindOnce(randomInt(lowestFree, highestFree + 1), host)
    } catch (error) {
      if (errnoOf(error) !== 'EADDRINUSE' || tries === 100) throw error
    }
  }
}

async function bindOnce(port: number, host: string): Promise<number> {
  const server = createServer()
  server.listen({ port, host, exclusive: true })
  await once(server, 'listening') // rejects with the error of listening
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('a TCP server has an address with a port')
  return address.port
}

/** On Linux, the process that listens on a port, as far as this user may know: `node infra/x.ts (process 12)`. */
async function holderOf(port: number): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined
  const inodes = new Set<string>()
  for (const table of ['/proc/net/tcp', '/proc/net/tcp6']) {
    const rows = (await readFile(table, 'utf8').catch(() => '')).split('\n').slice(1)
    for (const row of rows) {
      const fields = row.trim().split(/\s+/)
      const localPort = Number.parseInt(fields[1]?.split(':')[1] ?? '', 16)
      if (localPort === port && fields[3] === '0A' && fields[9] !== undefined) inodes.add(`socket:[${fields[9]}]`)
    }
  }
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid)) continue
    // Processes end while one looks, and those of others may not be looked at: both are simply not the answer.
    for (const fd of await readdir(`/proc/${pid}/fd`).catch(() => [])) {
      if (!inodes.has(await readlink(`/proc/${pid}/fd/${fd}`).catch(() => ''))) continue
      const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return `${commandLine.replaceAll('\0', ' ').trim().slice(0, 120) || 'a program'} (process ${pid})`
    }
  }
  return undefined
}
