import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { createFixed } from '../../test/support/clips.ts'
import type { Device } from '../../test/support/pair.ts'
import { openConnection } from './connection.ts'
import type { BenchedIngest } from './ingest.ts'
import { putPart } from './ingest-receiver.ts'

const run = promisify(execFile)
const mib = 1024 * 1024

/** Memory that a process occupies, in MiB. */
export const residentMib = async (pid: number): Promise<number> =>
  (Number((await run('ps', ['-o', 'rss=', '-p', String(pid)])).stdout) * 1024) / mib

/** Sends clips of one part over as many connections at once; the most memory that ingest occupied meanwhile, in MiB. */
export async function peakMemoryMib(
  ingest: BenchedIngest,
  devices: readonly Device[],
  given: { parallel: number; lengthBytes: number; block: Buffer },
): Promise<number> {
  const { parallel, lengthBytes, block } = given
  const urls: string[] = []
  for (let nth = 0; nth < parallel; nth++) {
    const device = devices[nth % devices.length]
    if (device === undefined) throw new Error('no device to send from')
    const clip = await createFixed(device, { length: lengthBytes }, { name: `A${nth}.mp4`, parts: 1 })
    urls.push(...clip.urls)
  }
  let peak = 0
  let isSending = true
  const watching = (async () => {
    while (isSending) peak = Math.max(peak, await residentMib(ingest.pid))
  })()
  await Promise.all(
    urls.map(async (url) => {
      const connection = await openConnection(ingest.url)
      await putPart(connection, url, { block, lengthBytes })
      connection.close()
    }),
  )
  isSending = false
  await watching
  await ingest.emptyStore()
  return peak
}
