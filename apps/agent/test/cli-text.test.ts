import { expect, test } from 'vitest'
import { leftOutText } from '../src/cli/left-out-text.ts'
import { forPeople } from '../src/cli/log.ts'
import { shownText } from '../src/cli/output.ts'

const nasty = 'A001\u001b[2J\u009b31m\u202egnp.exe\r\n.mov'

test('no name of a file moves the cursor, colours the screen or turns the writing round', () => {
  expect(shownText(nasty)).toBe('A001\\u{1b}[2J\\u{9b}31m\\u{202e}gnp.exe\\u{d}\\u{a}.mov')
  expect(shownText('Prise 2 – été 🎬.mov')).toBe('Prise 2 – été 🎬.mov')
})

test('a line of the log for a terminal holds no control character, whatever is logged', () => {
  const line = forPeople(JSON.stringify({ level: 40, time: 0, msg: nasty, path: nasty, deep: { path: nasty } }))
  expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  expect(line).toContain('A001')
})

test('what was left out of the watch folders is told by its reasons, and nothing where nothing was', () => {
  const none = { hidden: 0, system: 0, temporary: 0, byRule: 0, links: 0, unreadable: 0 }
  expect(leftOutText(null)).toBeNull()
  expect(leftOutText(none)).toBeNull()
  expect(leftOutText({ ...none, hidden: 2, links: 1 })).toBe('2 hidden, 1 linked')
  expect(leftOutText({ ...none, temporary: 12, byRule: 3 })).toBe('12 by a temporary name, 3 by include and exclude')
})
