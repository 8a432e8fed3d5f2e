import { expect, test } from 'vitest'
import { formatBytes, formatPercent, formatRate, plural } from '../src/format/bytes.ts'
import {
  etaMs,
  formatAge,
  formatDaysLeft,
  formatDuration,
  formatExact,
  formatInstant,
  formatPlayTime,
} from '../src/format/time.ts'
import { retentionSentence } from '../src/trash/retention-sentence.ts'

const plain = (text: string) => text.replaceAll('\u00a0', ' ')

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [999_949, '999.9 kB'],
  [999_950, '1.0 MB'],
  [48_200_000_000, '48.2 GB'],
  [5_497_558_138_880, '5.5 TB'],
  [2e18, '2000.0 PB'],
  [Number.NaN, '?'],
  [-1, '?'],
])('%d bytes are written as %s', (bytes, text) => {
  expect(plain(formatBytes(bytes))).toBe(text)
})

test('a size never breaks between number and unit', () => {
  expect(formatBytes(1e6)).not.toContain(' ')
})

test.each([
  [0, '0 kB/s'],
  [49, '0 kB/s'],
  [512, '0.5 kB/s'],
  [57_300_000, '57.3 MB/s'],
])('a rate of %d is written as %s', (rate, text) => {
  expect(plain(formatRate(rate))).toBe(text)
})

test('a share is 100% only when nothing is missing, and 0% only when nothing is there', () => {
  expect(formatPercent(999_999, 1_000_000)).toBe('99%')
  expect(formatPercent(1, 1_000_000)).toBe('1%')
  expect(formatPercent(1_000_000, 1_000_000)).toBe('100%')
  expect(formatPercent(0, 10)).toBe('0%')
  expect(formatPercent(0, 0)).toBe('–')
})

test('one is singular, all else plural, thousands are set apart', () => {
  expect([plural(1, 'clip'), plural(0, 'clip'), plural(12_345, 'clip')]).toEqual(['1 clip', '0 clips', '12,345 clips'])
})

test.each([
  [-5_000, 'now'],
  [1_499, 'now'],
  [1_500, '1 s'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [3_599_999, '59 min'],
  [3_600_000, '1 h'],
  [86_400_000, '1 d'],
])('an age of %d ms is written as %s', (age, text) => {
  expect(plain(formatAge(age))).toBe(text)
})

test.each([
  [0, '0 s'],
  [59_499, '59 s'],
  [59_500, '1 min'],
  [3_599_000, '1 h'],
  [7_800_000, '2 h 10 min'],
  [86_400_000, '1 d'],
  [273_600_000, '3 d 4 h'],
])('a span of %d ms is written as %s', (span, text) => {
  expect(plain(formatDuration(span))).toBe(text)
})

test('nothing is promised while nothing moves or nothing is missing', () => {
  expect(etaMs(1000, 0)).toBeNull()
  expect(etaMs(0, 1000)).toBeNull()
  expect(etaMs(60_000, 1000)).toBe(60_000)
})

test('an instant carries its day only when that is not today, in the zone of the viewer', () => {
  const now = Date.parse('2026-11-22T12:00:00Z')
  expect(formatInstant('2026-11-22T13:02:00Z', now, 'Europe/Oslo')).toBe('14:02')
  // 23:30 UTC is the next day in Oslo.
  expect(formatInstant('2026-11-21T22:30:00Z', now, 'Europe/Oslo')).toBe('21 Nov 23:30')
  expect(formatInstant('2026-11-21T23:30:00Z', now, 'Europe/Oslo')).toBe('00:30')
  expect(formatInstant('2025-11-22T12:00:00Z', now, 'UTC')).toBe('22 Nov 2025 12:00')
})

test('the exact instant names the zone and gives UTC too', () => {
  expect(formatExact('2026-11-22T13:02:05.250Z', 'Europe/Oslo')).toMatch(
    /22 November 2026.*14:02:05.*\(2026-11-22T13:02:05\.250Z\)/,
  )
})

test.each([
  [0, '0:00'],
  [3.6, '0:04'],
  [59.6, '1:00'],
  [750, '12:30'],
  [3_723, '1:02:03'],
  [-1, '0:00'],
])('a recording of %d s plays for %s', (seconds, text) => {
  expect(formatPlayTime(seconds)).toBe(text)
})

test.each([
  [30, '30 days'],
  [29.2, '30 days'],
  [1.1, '2 days'],
  [1, 'less than a day'],
  [-2, 'less than a day'],
])('%d days that are left are told as %s', (days, text) => {
  expect(formatDaysLeft(days * 86_400_000)).toBe(text)
})

test('how long a project keeps things is told in a sentence', () => {
  expect(retentionSentence({ trashDays: 1, clipDays: null })).toBe(
    'What is in the trash is removed for good after 1 day.',
  )
  expect(retentionSentence({ trashDays: 30, clipDays: 365 })).toMatch(/Clips go there 365 days after they arrived\.$/)
})
