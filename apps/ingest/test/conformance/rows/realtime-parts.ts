import { renameClip } from '@rushes/fleet'
import { c2cErrors } from '@rushes/protocol'
import { expect } from 'vitest'
import {
  createFixed,
  createRealtime,
  putPart,
  requestParts,
  someBytes,
  statusOf,
  untilStatus,
} from '../../support/clips.ts'
import { until } from '../../support/until.ts'
import { exchange, type Row, row, type Sent } from '../row.ts'
import type { Topic } from '../topics.ts'
import type { World } from '../world.ts'

const small = 5_242_880
const part = (number: number, size = small, is_final = false) => ({ number, size, is_final })
const partsOf = (at: World, id: string, json: unknown): Sent => ({
  to: `POST /v2/devices/assets/${id}/realtime_upload/parts`,
  as: at.device,
  json,
})
const growing = (at: World) => createRealtime(at.device)
/** A bucket knows of no generations. */
const numbersOf = (body: unknown) =>
  [...JSON.stringify(body).matchAll(/\/parts\/[^/]+\/(\d+)\/(\d+)|[?&]partNumber=(\d+)/g)].map(
    ([, number, generation, numberInBucket]) =>
      numberInBucket === undefined ? [Number(number), Number(generation)] : [Number(numberInBucket)],
  )

/** Parts are registered; then a request is taken, and answered with URLs of these numbers and generations, in this order. */
const taken = (what: string, topics: Topic[], before: unknown[], json: unknown, urls: [number, number][]) =>
  row({
    title: what,
    topics: ['realtimeParts', ...topics],
    given: async (at) => {
      const asset = await growing(at)
      for (const request of before) expect((await exchange(at, partsOf(at, asset.id, request))).status).toBe(200)
      return asset
    },
    send: (at, { id }) => partsOf(at, id, json),
    expect: { status: 200 },
    after: async (at, _asset, reply) =>
      expect(numbersOf(reply.body)).toEqual(at.ingest.bucket === null ? urls : urls.map(([number]) => [number])),
  })

const refused = (what: string, topics: Topic[], json: unknown, before: unknown[] = []) =>
  row({
    title: `${what}: nothing is changed`,
    topics: ['realtimeParts', 'errorShapes', ...topics],
    given: async (at) => {
      const { id } = await growing(at)
      for (const request of before) expect((await exchange(at, partsOf(at, id, request))).status).toBe(200)
      return { id, missing: (await statusOf(at.device, id)).missing }
    },
    send: (at, { id }) => partsOf(at, id, json),
    expect: { status: 400 },
    after: async (at, { id, missing }) => expect((await statusOf(at.device, id)).missing).toEqual(missing),
  })

const named = (what: string, name: string, prepare: (at: World, id: string) => Promise<unknown>) =>
  row({
    title: `with a name, ${what}: the clip is called ${name}`,
    topics: ['naming', 'realtimeParts'],
    given: async (at) => {
      const asset = await growing(at)
      await prepare(at, asset.id)
      return asset
    },
    send: (at, { id }) => partsOf(at, id, { parts: [part(1)], asset_name: 'told.mp4' }),
    expect: { status: 200 },
    after: async (at, { id }) => expect(await at.one('select name from assets where id = $1', [id])).toEqual({ name }),
  })

/** A clip of which the final part is in and part 4 is not. */
async function withAHole(at: World) {
  const { id } = await growing(at)
  const urls = await requestParts(
    at.device,
    id,
    [part(1, 8, true)].map((only) => ({ ...only, number: 9 })).concat(part(4)),
    {
      asset_filesize: small + 8,
    },
  )
  expect((await putPart(urls[0] ?? '', someBytes(8))).status).toBe(200)
  return { id, straggler: urls[1] ?? '' }
}

export const realtimePartRows: Row[] = [
  taken('the first part', ['partNumbersFromOne'], [], { parts: [part(1)] }, [[1, 1]]),
  taken('part 10,000', ['tenThousandIsLegal'], [], { parts: [part(10_000)] }, [[10_000, 1]]),
  taken('a part of 5 GiB', ['largeParts', 'largeSizes'], [], { parts: [part(1, 5_368_709_120)] }, [[1, 1]]),
  taken('URLs in the order of the request', [], [], { parts: [part(7), part(2), part(5)] }, [
    [7, 1],
    [2, 1],
    [5, 1],
  ]),
  taken('a number again: a new URL', [], [{ parts: [part(1), part(2)] }], { parts: [part(2), part(3)] }, [
    [2, 2],
    [3, 1],
  ]),
  taken('a number again with another size', [], [{ parts: [part(1)] }], { parts: [part(1, small + 9)] }, [[1, 2]]),
  taken(
    'one small part that is all',
    ['headLast', 'sumAndFinality'],
    [],
    { asset_filesize: 5, parts: [part(1, 5, true)] },
    [[1, 1]],
  ),
  taken(
    'the head, held back till the end, with the final part',
    ['headLast', 'sumAndFinality', 'neverWithAHole'],
    [{ parts: [part(2), part(3)] }],
    { asset_filesize: 3 * small + 10, parts: [part(1), part(9, 10, true)] },
    [
      [1, 1],
      [9, 1],
    ],
  ),
  taken(
    'the final part once more as an ordinary one, with another after it',
    ['sumAndFinality'],
    [{ asset_filesize: small, parts: [part(1, small, true)] }],
    { asset_filesize: small + 5, parts: [part(1), part(2, 5, true)] },
    [
      [1, 2],
      [2, 1],
    ],
  ),
  row({
    title: '10,000 parts at once, written one field a line',
    topics: ['realtimeParts', 'tenThousandIsLegal'],
    given: growing,
    send: (at, { id }) => {
      const parts = Array.from({ length: 10_000 }, (_, i) => part(i + 1, 500_000_000))
      return {
        ...partsOf(at, id, undefined),
        raw: JSON.stringify({ parts }, null, 4),
        headers: { 'content-type': 'application/json' },
      }
    },
    expect: { status: 200 },
    after: async (_at, _asset, reply) => expect(numbersOf(reply.body)).toHaveLength(10_000),
  }),
  row({
    title: 'on the path of applications',
    topics: ['realtimeParts'],
    given: growing,
    send: (at, { id }) => ({
      ...partsOf(at, id, { parts: [part(1)] }),
      to: `POST /v2/assets/${id}/realtime_upload/parts`,
    }),
    expect: { status: 200 },
  }),

  refused('no parts', [], { parts: [] }),
  refused('part 0', ['partNumbersFromOne'], { parts: [part(0)] }),
  refused('part 10,001', ['tenThousandIsLegal'], { parts: [part(10_001)] }),
  refused('half a part', [], { parts: [part(1.5)] }),
  refused('an empty part', ['noEmptyUploads'], { parts: [part(1, 0, true)], asset_filesize: 1 }),
  refused('an empty clip', ['noEmptyUploads'], { parts: [part(1, 1, true)], asset_filesize: 0 }),
  refused('a part of more than 5 GiB', ['largeParts'], { parts: [part(1, 5_368_709_121)] }),
  refused('a part that does not say whether it is final', [], { parts: [{ number: 1, size: small }] }),
  refused('a part below 5 MiB that is not final', [], { parts: [part(1, small - 1)] }),
  refused('one number twice', [], { parts: [part(1), part(1)] }),
  refused('two final parts', ['sumAndFinality'], { asset_filesize: 2, parts: [part(1, 1, true), part(2, 1, true)] }),
  refused('a final part below another', ['sumAndFinality'], {
    asset_filesize: 2 * small,
    parts: [part(1, small, true), part(2)],
  }),
  refused(
    'a final part below one that is registered',
    ['sumAndFinality'],
    { asset_filesize: 2 * small, parts: [part(1, small, true)] },
    [{ parts: [part(2)] }],
  ),
  refused('a part after the final one', ['sumAndFinality'], { parts: [part(2)] }, [
    { asset_filesize: 5, parts: [part(1, 5, true)] },
  ]),
  refused('a final part without the size of the clip', ['sumAndFinality'], { parts: [part(1, 5, true)] }),
  refused('a size that is not the sum', ['sumAndFinality'], { asset_filesize: 6, parts: [part(1, 5, true)] }),
  refused('a size beyond 5 TiB', ['fiveTebibytes'], { asset_filesize: 5_497_558_138_881, parts: [part(1, 5, true)] }),
  refused('parts beyond 5 TiB together', ['fiveTebibytes'], {
    parts: Array.from({ length: 1_025 }, (_, i) => part(i + 1, 5_368_709_120)),
  }),
  refused('a name without an extension', ['naming'], { asset_name: 'clip', parts: [part(1)] }),

  ...[
    ['a clip that is not there', crypto.randomUUID()],
    ['an id that is none', 'x'],
  ].map(([what, id = '']) =>
    row({
      title: `parts of ${what}`,
      topics: ['realtimeParts', 'errorShapes'],
      send: (at) => partsOf(at, id, { parts: [part(1)] }),
      expect: { status: 404, body: c2cErrors.notFound },
    }),
  ),
  row({
    title: 'parts of a clip of known size',
    topics: ['realtimeParts'],
    given: (at) => createFixed(at.device, someBytes(10)),
    send: (at, { id }) => partsOf(at, id, { parts: [part(1)] }),
    expect: { status: 400 },
  }),

  named('while it has none of its own', 'told.mp4', async () => undefined),
  named('after another was told', 'first.mp4', (at, id) =>
    requestParts(at.device, id, [part(1)], { asset_name: 'first.mp4' }),
  ),
  named('after an operator gave it another', 'scene 7.mp4', (at, id) =>
    renameClip(at.acting(), { assetId: id, name: 'scene 7.mp4' }),
  ),

  row({
    title: 'more parts while one is missing after the final part came',
    topics: ['neverWithAHole', 'headLast'],
    given: withAHole,
    send: (at, { id }) => partsOf(at, id, { parts: [part(5)] }),
    expect: { status: 400 },
    after: async (at, { id, straggler }) => {
      await putPart(straggler, someBytes(small)) // within the grace
      await untilStatus(at.device, id, 'available')
    },
  }),
  row({
    title: 'more parts after the grace, when the clip has failed with the missing numbers',
    topics: ['neverWithAHole'],
    given: async (at) => {
      const hole = await withAHole(at)
      const late = "update assets set final_part_at = now() - interval '61 seconds' where id = $1"
      await at.ingest.database.pool.query(late, [hole.id])
      const { missing } = await untilStatus(at.device, hole.id, 'failed')
      expect(missing).toEqual([4])
      const ended = await at.one('select ended_because, ended_detail from assets where id = $1', [hole.id])
      expect(ended).toEqual({ ended_because: 'partsMissing', ended_detail: expect.stringMatching(/: 4$/) })
      await until('its URLs are dead', async () => (await putPart(hole.straggler, someBytes(small))).status === 404)
      return hole
    },
    send: (at, { id }) => partsOf(at, id, { parts: [part(4)] }),
    expect: { status: 404, body: c2cErrors.notFound },
  }),
]
