import { createFixed } from '../../test/support/clips.ts'
import type { Device } from '../../test/support/pair.ts'
import { residentMib } from '../../test/support/resident-memory.ts'
import { openConnection } from './connection.ts'
import type { BenchedIngest } from './ingest.ts'
import { filetype, putPart } from './ingest-receiver.ts'

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
    const clip = await createFixed(device, { length: lengthBytes }, { name: `A${nth}.dat`, filetype, parts: 1 })
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
