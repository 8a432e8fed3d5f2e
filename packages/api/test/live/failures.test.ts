import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { expect, test } from 'vitest'
import { liveRouter } from '../../src/live/router.ts'
import type { LiveContext } from '../../src/live/source.ts'

test('a live stream that cannot begin says nothing of statements, values or the stack', async () => {
  const failing = (): never => {
    throw new Error('Failed query: select token from sessions params: s3cret')
  }
  const response = await fetchRequestHandler({
    endpoint: '/live',
    router: liveRouter,
    req: new Request('http://rushes.test/live/live.fleet', { headers: { accept: 'text/event-stream' } }),
    createContext: (): LiveContext => ({
      source: { fleet: failing, device: failing },
      findPerson: async () => failing(),
    }),
  })
  const text = await response.text()
  expect(text).toContain('Something went wrong on the server.')
  expect(text).not.toMatch(/select|s3cret|stack|\.ts:/)
})
