import { c2cErrors } from '@rushes/protocol'
import { expect } from 'vitest'
import { created } from '../../support/clips.ts'
import { exchange, type Row, row, type Sent } from '../row.ts'
import type { Topic } from '../topics.ts'
import type { World } from '../world.ts'

export const guideClip = { name: 'C2C_TEST_CLIP.mp4', filetype: 'video/mp4', filesize: 21_136_250, offset: 0 }

export const createOf = (at: World, change: Record<string, unknown> = {}): Sent => ({
  to: 'POST /v2/devices/assets',
  as: at.device,
  json: { ...guideClip, ...change },
})

const url = (at: World) =>
  at.ingest.bucket === null
    ? expect.stringMatching(
        new RegExp(`^${at.ingest.url}/parts/[0-9a-f-]{36}/\\d+/1\\?expires=\\d+&signature=[\\w-]{43}$`),
      )
    : expect.stringMatching(
        /X-Amz-Expires=86400&.*X-Amz-SignedHeaders=content-length%3Bcontent-type%3Bhost%3Bx-amz-acl&/,
      )
const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/)
const instant = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/)

const cut = (what: string, change: Record<string, unknown>, count: number, topics: Topic[] = []) =>
  row({
    title: `cut into ${what}`,
    topics: ['create', 'chunksFollowUrls', ...topics],
    send: (at) => createOf(at, change),
    expect: { status: 200 },
    after: async (_at, _given, reply) => expect(created.parse(reply.body).upload_urls).toHaveLength(count),
  })

const taken = (what: string, change: Record<string, unknown>, topics: Topic[] = [], has: object = {}) =>
  row({
    title: `with ${what}`,
    topics: ['create', ...topics],
    send: (at) => createOf(at, change),
    expect: { status: 200, has },
  })

const refused = (what: string, change: Record<string, unknown>, topics: Topic[] = []) =>
  row({
    title: `with ${what}, told which field`,
    topics: ['create', ...topics],
    send: (at) => createOf(at, change),
    expect: {
      status: 400,
      has: { errors: [{ detail: expect.stringMatching(/name|file|parts|offset|channel|auto_version_id/) }] },
    },
  })

const byForm = (to: string) =>
  row({
    title: `by a form, on ${to}`,
    topics: ['create'],
    send: ({ device }) => ({
      to,
      as: device,
      urlencoded: { name: 'a b.mp4', filetype: 'video/mp4', filesize: '21136250', offset: '-10', parts: '3' },
    }),
    expect: { status: 200, has: { name: 'a b.mp4', filesize: 21_136_250 } },
    after: async (_at, _given, reply) => expect(created.parse(reply.body).upload_urls).toHaveLength(3),
  })

const withKey = (at: World, key: string, change: Record<string, unknown> = {}): Sent => ({
  ...createOf(at, change),
  headers: { 'idempotency-key': key },
})
const idOf = (reply: { body: unknown }) => created.parse(reply.body).id

export const createRows: Row[] = [
  row({
    title: 'the clip of the guides',
    topics: ['create'],
    send: (at) => createOf(at),
    expect: {
      status: 200,
      body: (at: World) => ({
        _type: 'file',
        type: 'file',
        id: uuid,
        name: 'C2C_TEST_CLIP.mp4',
        filetype: 'video/mp4',
        filesize: 21_136_250,
        status: 'created',
        project_id: at.ingest.projectId,
        parent_id: uuid,
        creator_id: at.device.id,
        inserted_at: instant,
        uploaded_at: instant,
        upload_completed_at: null,
        realtime_upload: null,
        original: null,
        upload_urls: [url(at), url(at)],
      }),
    },
  }),
  row({
    title: 'by JSON, on the path that shipped cameras use',
    topics: ['create'],
    send: (at) => ({ ...createOf(at), to: 'POST /v2/assets' }),
    expect: { status: 200 },
  }),
  byForm('POST /v2/devices/assets'),
  byForm('POST /v2/assets'),

  cut('the four parts of the guide', { parts: 4 }, 4),
  cut('one part', { parts: 1 }, 1),
  cut('the default for 1 GB', { filesize: 1_000_000_000 }, 41),
  cut('the default for 5 TiB', { filesize: 5_497_558_138_880 }, 10_000, [
    'fiveTebibytes',
    'tenThousandIsLegal',
    'largeSizes',
  ]),
  cut('10,000 parts on request', { filesize: 52_428_800_000, parts: 10_000 }, 10_000, ['tenThousandIsLegal']),
  ...[5, 0, -1, 10_001, 2 ** 31].map((parts) =>
    row({
      title: `in ${parts} parts, which cannot be`,
      topics: ['create', 'chunksFollowUrls', 'errorShapes', 'codeIsStatus'],
      send: (at) => createOf(at, { parts }),
      expect: { status: 500, body: c2cErrors.somethingWentWrong },
    }),
  ),

  taken('a channel and a negative age, as in the guide', { offset: -10, channel: 2 }, ['ageOfClips']),
  taken('an age in fractions of a second', { offset: 3.25 }, ['ageOfClips']),
  taken('no age', { offset: undefined }, ['ageOfClips']),
  taken('no filetype', { filetype: undefined }, [], { filetype: 'application/octet-stream' }),
  taken('3 GiB', { filesize: 3_221_225_472 }, ['largeSizes'], { filesize: 3_221_225_472 }),
  taken('an extension, which counts for growing clips alone', { extension: 'no dot' }),
  taken('fields that nobody knows', { color: 'red' }),
  row({
    title: 'with a newer version of another clip',
    topics: ['create'],
    given: (at) => exchange(at, createOf(at)),
    send: (at, first) => createOf(at, { auto_version_id: idOf(first).toUpperCase() }),
    expect: { status: 200 },
    after: async (at, first, reply) =>
      expect(await at.one('select version_of_id from assets where id = $1', [idOf(reply)])).toEqual({
        version_of_id: idOf(first),
      }),
  }),
  taken('a name with quotes and a line break', { name: 'take "7"\n.mp4' }),
  taken('a name that climbs', { name: '../../../etc/passwd' }, ['noEmulator']),
  taken('a name with a NUL', { name: 'a\0b.mp4' }, [], { name: 'a_b.mp4' }),
  taken('a name of 4 KB', { name: `${'n'.repeat(4_092)}.mp4` }),
  taken('a name with half a character', { name: '\ud800.mp4' }, [], { name: '\ufffd.mp4' }),

  refused('a name longer than 4 KB', { name: 'n'.repeat(4_097) }),
  refused('an empty name', { name: '' }),
  refused('no name', { name: undefined }),
  refused('null as its name', { name: null }),
  refused('a name that is no text', { name: 7 }),
  refused('no size', { filesize: undefined }),
  refused('zero bytes', { filesize: 0 }, ['noEmptyUploads']),
  refused('negative bytes', { filesize: -5 }),
  refused('half a byte', { filesize: 10.5 }),
  refused('more than 5 TiB', { filesize: 5_497_558_138_881 }, ['fiveTebibytes']),
  refused('a size beyond all numbers', { filesize: 1e300 }, ['largeSizes']),
  refused('a size as text', { filesize: '5' }),
  refused('half a part', { parts: 1.5 }),
  refused('an age as text', { offset: 'now' }),
  refused('an age of a million years', { offset: 3e13 }),
  refused('a channel below zero', { channel: -1 }),
  refused('a type that breaks headers', { filetype: 'video/mp4\r\nx: y' }),
  refused('an id that is none', { auto_version_id: 'x' }),
  refused('a newer version of a clip that there is not', { auto_version_id: crypto.randomUUID() }),

  row({
    title: 'again with the same key, older meanwhile: the same clip',
    topics: ['create'],
    given: (at) => exchange(at, withKey(at, 'k1')),
    send: (at) => withKey(at, 'k1', { offset: 60 }),
    expect: { status: 200, has: (_at: World, first: { body: unknown }) => ({ id: idOf(first) }) },
  }),
  row({
    title: 'eight times at once with the same key: one clip',
    topics: ['create'],
    given: async (at) => {
      const replies = await Promise.all(Array.from({ length: 7 }, () => exchange(at, withKey(at, 'k2'))))
      expect(new Set(replies.map(idOf)).size).toBe(1)
      return replies[0]
    },
    send: (at) => withKey(at, 'k2'),
    expect: { status: 200 },
    after: async (_at, first, reply) => expect(idOf(reply)).toBe(idOf(first ?? reply)),
  }),
  row({
    title: 'another request with the same key',
    topics: ['create'],
    given: (at) => exchange(at, withKey(at, 'k3')),
    send: (at) => withKey(at, 'k3', { filesize: 5 }),
    expect: { status: 422 },
  }),
  row({
    title: 'with the key of another device: its own clip',
    topics: ['create'],
    given: async (at) => exchange(at, { ...withKey(at, 'k4'), as: await at.newDevice() }),
    send: (at) => withKey(at, 'k4'),
    expect: { status: 200 },
    after: async (_at, theirs, reply) => expect(idOf(reply)).not.toBe(idOf(theirs)),
  }),
  row({
    title: 'with the key of a clip that can no longer be completed: a new one',
    topics: ['create'],
    given: async (at) => {
      const first = await exchange(at, withKey(at, 'k5'))
      await at.ingest.database.pool.query(
        "update assets set state = 'failed', ended_because = 'partsMissing' where id = $1",
        [idOf(first)],
      )
      return first
    },
    send: (at) => withKey(at, 'k5'),
    expect: { status: 200 },
    after: async (_at, first, reply) => expect(idOf(reply)).not.toBe(idOf(first)),
  }),
  ...['x'.repeat(256), 'two words'].map((key) =>
    row({
      title: `with the key ${JSON.stringify(key.slice(0, 12))}`,
      topics: ['create'],
      send: (at) => withKey(at, key),
      expect: { status: 400 },
    }),
  ),
]
