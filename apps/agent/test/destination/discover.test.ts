import { describe, expect, it } from 'vitest'
import { discover } from '../../src/destination/discover.ts'
import { faults } from '../simulated-destination/fault.ts'
import { never, startHarness } from './harness.ts'

describe('discover', () => {
  it('names the three addresses of a Rushes server', async () => {
    const { server, settings } = await startHarness()
    expect(await discover(settings, `${server.url}/some/page`, never)).toEqual({
      kind: 'ours',
      ingestUrl: server.url,
      publicUrl: server.url,
      agentUrl: `${server.url.replace('http', 'ws')}/agent`,
    })
  })

  it('says foreign of a server that does not know the path', async () => {
    const { server, settings } = await startHarness({ mode: 'foreign' })
    expect(await discover(settings, server.url, never)).toEqual({ kind: 'foreign' })
  })

  it.each([
    ['a page with 404', faults.notFoundByIntermediary, { kind: 'foreign' }],
    ['JSON with 401', faults.notAuthorized, { kind: 'foreign' }],
    ['other JSON', faults.wrongShape, { kind: 'foreign' }],
    [
      'a later version',
      { kind: 'reply', status: 200, body: '{"rushes":2}' },
      { kind: 'unsupportedVersion', version: '2' },
    ],
    ['a page with 200', faults.captivePortal, { kind: 'failed', failure: { kind: 'malformedReply', status: 200 } }],
  ] as const)('judges %s', async (_what, fault, outcome) => {
    const { server, settings } = await startHarness()
    server.inject(fault, { operation: 'discovery' })
    expect(await discover(settings, server.url, never)).toEqual(outcome)
  })

  it('does not take a redirect, a block page or a broken server for a foreign one', async () => {
    const { server, settings } = await startHarness()
    const blockPage = { ...faults.captivePortal, status: 403 }
    for (const fault of [faults.captiveRedirect, faults.badGateway, faults.rateLimited, blockPage]) {
      server.inject(fault, { operation: 'discovery' })
      expect(await discover(settings, server.url, never)).toMatchObject({ kind: 'failed', failure: { kind: 'reply' } })
      server.heal()
    }
    expect(server.requests.every((request) => request.path === '/.well-known/rushes')).toBe(true)
  })
})
