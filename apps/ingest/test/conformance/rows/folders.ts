import { expect } from 'vitest'
import { created } from '../../support/clips.ts'
import { type Device, pairDevice } from '../../support/pair.ts'
import { type Row, row } from '../row.ts'
import type { World } from '../world.ts'

/** A camera whose operator sits in a time zone, in a project that goes by one day or the other. */
async function shooting(at: World, timezone: string | null, folderBy: 'capture' | 'upload' = 'capture') {
  const projectId = await at.ingest.createProject('Folders')
  const zoneOfProject = 'Pacific/Kiritimati'
  await at.ingest.database.pool.query('update projects set folder_by = $2, timezone = $3 where id = $1', [
    projectId,
    folderBy,
    zoneOfProject,
  ])
  return { device: await pairDevice(at.ingest, { projectId, timezone }), zone: timezone ?? zoneOfProject }
}

/** The day of an instant somewhere, told apart from the server's own way of counting. */
const dayOf = (at: World, agoSeconds: number, zone: string) =>
  at
    .one("select to_char(to_timestamp($1) at time zone $2, 'YYYY_MM_DD') as day", [
      (Date.now() + at.aheadMs) / 1_000 - agoSeconds,
      zone,
    ])
    .then((found) => String(found?.day))

const line = (
  title: string,
  given: (at: World) => Promise<{ device: Device; zone: string }>,
  clip: { offset: number; filetype: string; name: string },
  folder: { kind: string; ageSeconds: number },
) =>
  row({
    title,
    topics: ['folders'],
    given,
    send: (_at, { device }) => ({ to: 'POST /v2/devices/assets', as: device, json: { filesize: 5, ...clip } }),
    expect: { status: 200 },
    after: async (at, { zone }, reply) => {
      const { id } = created.parse(reply.body)
      const day = await dayOf(at, folder.ageSeconds, zone)
      expect(await at.one('select folder from assets where id = $1', [id])).toEqual({
        folder: `Cloud Devices/${day}/${folder.kind}/A-Cam`,
      })
    },
  })

const week = 7 * 86_400
const photo = { offset: week, filetype: 'image/jpeg', name: 'a.jpg' }

export const folderRows: Row[] = [
  line('a photo of last week, by the day of its capture', (at) => shooting(at, 'America/Denver'), photo, {
    kind: 'IMAGE',
    ageSeconds: week,
  }),
  line('where the day is another one', (at) => shooting(at, 'Pacific/Auckland'), photo, {
    kind: 'IMAGE',
    ageSeconds: week,
  }),
  line('where whoever paired said no time zone: that of the project', (at) => shooting(at, null), photo, {
    kind: 'IMAGE',
    ageSeconds: week,
  }),
  line('in a project that goes by the day of the upload', (at) => shooting(at, 'America/Denver', 'upload'), photo, {
    kind: 'IMAGE',
    ageSeconds: 0,
  }),
  line(
    'a clip of a fast clock, on today',
    (at) => shooting(at, 'America/Denver'),
    { offset: -90_000, filetype: 'video/mp4', name: 'a.mp4' },
    { kind: 'VIDEO', ageSeconds: 0 },
  ),
  line(
    'sound',
    (at) => shooting(at, 'UTC'),
    { offset: 0, filetype: 'audio/wav', name: 'a.wav' },
    { kind: 'AUDIO', ageSeconds: 0 },
  ),
  line(
    'a camera format whose type nobody names, by its extension',
    (at) => shooting(at, 'UTC'),
    { offset: 0, filetype: 'application/octet-stream', name: 'A001.R3D' },
    { kind: 'VIDEO', ageSeconds: 0 },
  ),
  line(
    'anything else',
    (at) => shooting(at, 'UTC'),
    { offset: 0, filetype: 'application/pdf', name: 'report.pdf' },
    { kind: 'DATA', ageSeconds: 0 },
  ),
]
