import { expect } from 'vitest'
import { type Row, row } from '../row.ts'
import type { World } from '../world.ts'

const growing = { name: 'C2C_TEST_CLIP.mp4', filetype: 'video/mp4', is_realtime_upload: true }
const createOf = (at: World, change: Record<string, unknown>) => ({
  to: 'POST /v2/devices/assets',
  as: at.device,
  json: { ...growing, ...change },
})

const taken = (what: string, change: Record<string, unknown>, name: string) =>
  row({
    title: `with ${what}, answered with id and name alone`,
    topics: ['createRealtime', 'naming'],
    send: (at) => createOf(at, change),
    expect: { status: 200, body: { id: expect.stringMatching(/^[0-9a-f-]{36}$/), name } },
  })

const refused = (what: string, change: Record<string, unknown>) =>
  row({
    title: `with ${what}`,
    topics: ['createRealtime'],
    send: (at) => createOf(at, change),
    expect: { status: 400 },
  })

export const createRealtimeRows: Row[] = [
  taken('a name', {}, 'C2C_TEST_CLIP.mp4'),
  taken('null as its size', { filesize: null }, 'C2C_TEST_CLIP.mp4'),
  taken('an extension alone', { name: undefined, extension: '.mp4' }, '[new file].mp4'),
  taken('an extension, and null as its name', { name: null, extension: '.mp4' }, '[new file].mp4'),
  taken('a name and its extension', { extension: '.MP4' }, 'C2C_TEST_CLIP.mp4'),
  taken('a count of parts, which is for clips of known size', { parts: 5 }, 'C2C_TEST_CLIP.mp4'),
  refused('no filetype', { filetype: undefined }),
  refused('a size', { filesize: 5 }),
  refused('neither name nor extension', { name: undefined }),
  refused('a name without an extension', { name: 'clip' }),
  refused('another extension than its name', { extension: '.mov' }),
  refused('an extension without its dot', { name: undefined, extension: 'mp4' }),
  refused('an extension that climbs', { name: undefined, extension: '.mp4/../../x' }),
  refused('an extension that breaks lines', { name: undefined, extension: '.mp4\n' }),
  row({
    title: 'by a form',
    topics: ['createRealtime'],
    send: ({ device }) => ({
      to: 'POST /v2/devices/assets',
      as: device,
      urlencoded: { name: 'a.mp4', filetype: 'video/mp4', is_realtime_upload: 'true' },
    }),
    expect: { status: 400 },
  }),
]
