import { afterEach, expect, test, vi } from 'vitest'
import { localInstant, parseLocalInstant } from '../src/format/local-instant.ts'

afterEach(() => vi.unstubAllEnvs())

test.each(['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/Los_Angeles'])(
  'an instant comes back from its field to the minute, in %s',
  (zone) => {
    vi.stubEnv('TZ', zone)
    for (const iso of ['2026-11-22T12:34:00.000Z', '2026-03-01T00:05:00.000Z', '2031-12-31T23:59:00.000Z'])
      expect(parseLocalInstant(localInstant(Date.parse(iso)))?.toISOString()).toBe(iso)
  },
)

test('the field has the day and the time of the place', () => {
  vi.stubEnv('TZ', 'Europe/Berlin')
  expect(localInstant(Date.parse('2026-11-22T23:30:59Z'))).toBe('2026-11-23T00:30')
})

test.each(['', '2026-11-22', 'tomorrow', '2026-13-40T10:00', '2026-11-22T25:00'])('“%s” is no instant', (text) => {
  expect(parseLocalInstant(text)).toBeNull()
})
