import { createFixed } from '../../test/support/clips.ts'
import type { Device } from '../../test/support/pair.ts'
import { type Body, type Connection, expectStatus } from './connection.ts'
import type { BenchedIngest } from './ingest.ts'
import type { Receiver } from './throughput.ts'

/** Of a kind that nothing is read out of afterwards: what is measured is the taking in. */
export const filetype = 'application/octet-stream'

/** Our ingest: the files are parts of one clip. An answer means that they are synced and written down. */
export const ingestReceiver = (ingest: BenchedIngest, device: Device): Receiver => ({
  name: 'ingest',
  origin: ingest.url,
  async prepare(count, lengthBytes) {
    const { urls } = await createFixed(
      device,
      { length: count * lengthBytes },
      { name: 'A001.dat', filetype, parts: count },
    )
    return {
      send: (connection, nth, body) => putPart(connection, urls[nth] ?? '', body),
      forget: ingest.emptyStore,
    }
  },
  stop: ingest.stop,
})

/** PUTs a part to its signed URL. */
export async function putPart(connection: Connection, url: string, body: Body): Promise<void> {
  const { pathname, search } = new URL(url)
  const headers = { 'content-type': filetype, 'x-amz-acl': 'private' }
  expectStatus(await connection.send('PUT', pathname + search, headers, body), 200)
}
