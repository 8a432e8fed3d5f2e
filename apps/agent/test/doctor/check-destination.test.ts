import { createServer } from 'node:http'
import { afterEach, expect, test } from 'vitest'
import { createDestinationPool } from '../../src/destination-pool.ts'
import { checkClock } from '../../src/doctor/check-clock.ts'
import { type AccessLink, checkDestination } from '../../src/doctor/check-destination.ts'
import { type Harness, pair, startHarness } from '../destination/harness.ts'
import { type Fault, faults } from '../simulated-destination/fault.ts'
import { allOf, endAll, listen, onlyProblem } from './checks.ts'

afterEach(endAll)

const noProxy = { httpProxy: '', httpsProxy: '', noProxy: '' }

const linkTo = (serverUrl: string, more: Partial<AccessLink> = {}): AccessLink => ({
  ...{ serverUrl, isOurs: true, authorization: 'good' },
  ...{ accessToken: 'access-token-of-this-device', accessExpiresAt: Date.now() + 3_600_000 },
  ...more,
})

/** The checks of a destination, and what time its server said it is. */
async function look(link: AccessLink, timeoutMs = 10_000) {
  let serverNowMs: number | null = null
  const onServerTime = (nowMs: number) => {
    serverNowMs = nowMs
  }
  const pool = createDestinationPool({ maxPartsInFlight: 1, allowInsecure: false, proxy: noProxy, onServerTime })
  try {
    const reaching = { pool, proxy: noProxy, allowInsecure: false, timeoutMs, nowMs: Date.now }
    const checks = await allOf(checkDestination(link, reaching))
    return { checks, serverNowMs }
  } finally {
    await pool.close()
  }
}

async function pairedLink(harness: Harness, more: Partial<AccessLink> = {}): Promise<AccessLink> {
  const { accessToken } = await pair(harness)
  return linkTo(harness.server.url, { accessToken, ...more })
}

test('a destination that is well is told step by step, down to the name that it knows the device by', async () => {
  const harness = await startHarness()
  const link = await pairedLink(harness)
  const { checks, serverNowMs } = await look(link)
  expect(checks.map(({ check, ok }) => [check, ok])).toEqual([
    ['destination.connection', true],
    ['destination.answer', true],
    ['destination.access', true],
  ])
  expect(checkClock(Date.now(), serverNowMs)).toMatchObject({ ok: true, message: expect.stringContaining('server') })
  expect(harness.server.requestsOf('token').length).toBe(1) // of the pairing: nothing was renewed
})

test.for([
  ['a captive portal that answers 200', faults.captivePortal, /a page answers .*HTTP 200/, 'sign-in'],
  ['a captive portal that redirects', faults.captiveRedirect, /a page answers .*HTTP 302/, 'sign-in'],
  ['another kind of server', faults.notFound, /does not answer as a destination/, 'Check the address'],
  ['a destination in trouble', faults.serverError, /has trouble: HTTP 500/, 'tell whoever runs the server'],
  ['a reply that breaks off', faults.truncateReply, /has trouble: The connection broke/, 'go on by themselves'],
] as const satisfies readonly [string, Fault, RegExp, string][])(
  '%s is told as what it is',
  async ([, fault, words, advice]) => {
    const harness = await startHarness()
    const link = await pairedLink(harness)
    harness.server.inject(fault, { operation: 'health' })
    const problem = onlyProblem((await look(link)).checks)
    expect(problem).toMatchObject({ check: 'destination.answer', advice: expect.stringContaining(advice) })
    expect(problem.message).toMatch(words)
  },
)

test('a destination that takes a request and never answers is given up', async () => {
  const harness = await startHarness()
  const link = await pairedLink(harness)
  harness.server.inject(faults.stallReply, { operation: 'health' })
  expect(onlyProblem((await look(link, 300)).checks)).toMatchObject({
    check: 'destination.answer',
    message: expect.stringContaining('too long'),
  })
})

test('an access that the destination does not know is told, and not what it is', async () => {
  const harness = await startHarness()
  const link = await pairedLink(harness, { accessToken: 'forged-access-token-of-nobody' })
  const { checks } = await look(link)
  expect(onlyProblem(checks)).toMatchObject({
    check: 'destination.access',
    message: expect.stringContaining('does not accept'),
    advice: expect.stringContaining('pair again'),
  })
  expect(JSON.stringify(checks)).not.toContain(link.accessToken)
})

test('an access that has run out is no problem, since a running agent renews it', async () => {
  const harness = await startHarness()
  const { checks } = await look(await pairedLink(harness, { accessExpiresAt: Date.now() - 1 }))
  expect(checks.at(-1)).toMatchObject({ check: 'destination.access', ok: true })
  expect(harness.server.requestsOf('me').length).toBe(1) // of the pairing: nobody asked with what is spent
})

test('no check ever says a token, whatever the destination echoes', async () => {
  const harness = await startHarness()
  const link = await pairedLink(harness)
  const body = `you sent ${link.accessToken}: Bearer ${link.accessToken}`
  harness.server.inject({ kind: 'reply', status: 403, body }, { operation: 'me' })
  const { checks } = await look(link)
  expect(onlyProblem(checks).check).toBe('destination.access')
  expect(JSON.stringify(checks)).not.toContain(link.accessToken)
})

test('an address beyond this machine that is not encrypted is refused, and one that is none', async () => {
  const insecure = onlyProblem((await look(linkTo('http://192.0.2.1'))).checks)
  expect(insecure).toMatchObject({ check: 'destination.address', advice: expect.stringContaining('--insecure') })
  expect(onlyProblem((await look(linkTo('https://somebody:secret@host'))).checks).message).not.toContain('secret')
})

test.for([
  ['hours ahead of', -7_200_000],
  ['days behind', 3 * 86_400_000],
] as const)('a clock that is %s the server is told', async ([words, serverAheadMs]) => {
  const server = createServer((_request, response) =>
    response
      .writeHead(200, {
        'content-type': 'application/json',
        date: new Date(Date.now() + serverAheadMs).toUTCString(),
      })
      .end('{"ok":true}'),
  )
  const { serverNowMs } = await look(linkTo(`http://127.0.0.1:${await listen(server)}`))
  const check = checkClock(Date.now(), serverNowMs)
  expect(check).toMatchObject({ ok: false, check: 'clock', advice: expect.stringContaining('timedatectl') })
  expect(check.message).toContain(words)
})

test('a clock that forgot the time is told without any server', () => {
  expect(checkClock(Date.UTC(1970, 0, 2), null)).toMatchObject({ ok: false, message: expect.stringContaining('1970') })
  expect(checkClock(Date.UTC(2031, 0, 2), null).ok).toBe(true)
  const serverNowMs = Date.UTC(2031, 0, 2)
  expect([0, 299_000, -299_000, 301_000, -301_000].map((off) => checkClock(serverNowMs + off, serverNowMs).ok)).toEqual(
    [true, true, true, false, false],
  )
})
