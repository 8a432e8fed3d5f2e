import { created } from '../../test/support/clips.ts'
import type { Device } from '../../test/support/pair.ts'
import { until } from '../../test/support/until.ts'
import { type Connection, expectStatus, openConnection } from './connection.ts'
import type { BenchedIngest } from './ingest.ts'
import { filetype, putPart } from './ingest-receiver.ts'

const assetBytes = 100_000

/** Devices that create clips of 100 KB and send each with one PUT, side by side, until all are available; assets per minute. */
export async function smallAssetsPerMinute(
  ingest: BenchedIngest,
  given: { devices: readonly Device[]; connectionsPerDevice: number; assetCount: number; block: Buffer },
): Promise<number> {
  const { pool } = ingest.database
  const countAvailable = async () =>
    Number((await pool.query("select count(*) as count from assets where state = 'available'")).rows[0]?.count)
  const before = await countAvailable()
  const senders = given.devices.flatMap((device) => Array.from({ length: given.connectionsPerDevice }, () => device))
  const connections = await Promise.all(
    senders.map(async (device) => ({ device, connection: await openConnection(ingest.url) })),
  )
  let left = given.assetCount
  const startedMs = performance.now()
  await Promise.all(
    connections.map(async ({ device, connection }) => {
      while (left > 0) {
        left -= 1
        await sendOne(connection, device, given.block, before + left)
      }
    }),
  )
  await until('all assets are available', async () => (await countAvailable()) - before === given.assetCount, 60_000)
  const minutes = (performance.now() - startedMs) / 60_000
  for (const { connection } of connections) connection.close()
  // The clips stay, as they do in life: ext4 gives no new file the inode of one that was deleted seconds ago, and looks for long.
  return given.assetCount / minutes
}

async function sendOne(connection: Connection, device: Device, block: Buffer, nth: number): Promise<void> {
  const request = JSON.stringify({ name: `IMG_${nth}.dat`, filetype, filesize: assetBytes, offset: 0 })
  const body = Buffer.from(request)
  const headers = { authorization: `Bearer ${device.accessToken}`, 'x-client-version': '2.0.0' }
  const create = await connection.send(
    'POST',
    '/v2/devices/assets',
    { ...headers, 'content-type': 'application/json' },
    { block: body, lengthBytes: body.length },
  )
  const [url = ''] = created.parse(JSON.parse(expectStatus(create, 200).body)).upload_urls ?? []
  await putPart(connection, url, { block, lengthBytes: assetBytes })
}
