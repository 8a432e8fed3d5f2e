import { type Actor, approvePairing } from '@rushes/fleet'
import { deviceCodeResponse, deviceScope, grantTypes } from '@rushes/protocol'
import { createPartSigner } from '../../src/parts/part-signer.ts'
import { ana, type Device, pairDevice } from '../support/pair.ts'
import { clientSecret, startTestIngest, type TestIngest } from '../support/test-ingest.ts'
import { exchange } from './row.ts'

/** The server under test and what the rows need of the people around it. */
export type World = {
  ingest: TestIngest
  /** One of our agents, in the project. */
  device: Device
  /** Time as the server sees it runs ahead of the true one by this much. */
  aheadMs: number
  newDevice(): Promise<Device>
  /** A device of another maker, that has the secret of its model. */
  newCamera(): Promise<Device>
  /** What a verb is given when somebody does something so many seconds ago. */
  acting(secondsAgo?: number, actor?: Actor): { db: TestIngest['database']['db']; now: Date; actor: Actor }
  /** A URL that the server could have signed. */
  signedUrl(part: { assetId: string; number?: number; generation?: number; livesSeconds?: number }): string
  one(sql: string, values: unknown[]): Promise<Record<string, unknown> | undefined>
}

export const secret = clientSecret
export const camera = { client_id: 'CAM-0001', client_secret: clientSecret }

export async function startWorld(): Promise<World> {
  let at: World
  const ingest = await startTestIngest({
    limits: { reserveBytes: Number.NEGATIVE_INFINITY, bodyMs: 2_000 },
    clock: () => new Date(Date.now() + (at?.aheadMs ?? 0)),
  })
  const signer = createPartSigner(ingest.config.secrets)
  at = {
    ingest,
    device: await pairDevice(ingest),
    aheadMs: 0,
    newDevice: () => pairDevice(ingest),
    newCamera: () => pairDevice(ingest, { clientId: `CAM-${crypto.randomUUID()}`, clientSecret }),
    acting: (secondsAgo = 0, actor = ana) => ({
      db: ingest.database.db,
      now: new Date(Date.now() + at.aheadMs - secondsAgo * 1_000),
      actor,
    }),
    signedUrl: ({ assetId, number = 1, generation = 1, livesSeconds = 60 }) => {
      const expiresAtSeconds = Math.floor(Date.now() / 1_000) + livesSeconds
      const part = { assetId, number, generation, contentType: 'video/mp4', expiresAtSeconds }
      return ingest.url + signer.sign(part)
    },
    one: async (sql, values) => (await ingest.database.pool.query(sql, values)).rows[0],
  }
  return at
}

/** A camera that shows a code. */
export async function askCode(at: World, client: Record<string, string> = camera) {
  const reply = await exchange(at, {
    to: 'POST /v2/auth/device/code',
    multipart: { ...client, scope: deviceScope },
  })
  return deviceCodeResponse.parse(reply.body)
}

export const approve = (at: World, userCode: string, timezone: string | null = null) =>
  approvePairing(at.acting(), { userCode, projectId: at.ingest.projectId, timezone, remoteAddress: null })

export const pollFields = (deviceCode: string, client: Record<string, string> = camera) => ({
  ...client,
  grant_type: grantTypes.deviceCode,
  device_code: deviceCode,
})
