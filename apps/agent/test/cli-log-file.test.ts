import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { createLogFile } from '../src/cli/log-file.ts'

test('the log keeps a few older files and never more, each whole in lines, also after a restart', ({
  onTestFinished,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'rushes-log-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'deep', 'agent.log')
  const line = (number: number) => `${String(number).padStart(9, '0')}\n`
  let log = createLogFile(path, { maxBytes: 100, keptCount: 3 })
  for (let number = 0; number < 95; number++) {
    if (number === 50) log = createLogFile(path, { maxBytes: 100, keptCount: 3 })
    log.write(line(number))
  }
  const files = readdirSync(join(folder, 'deep')).sort()
  expect(files).toEqual(['agent.log', 'agent.log.1', 'agent.log.2', 'agent.log.3'])
  const kept = files.reverse().map((name) => readFileSync(join(folder, 'deep', name), 'utf8'))
  expect(kept.join('')).toBe(Array.from({ length: 35 }, (_, index) => line(60 + index)).join(''))
  expect(Math.max(...kept.map((text) => text.length))).toBeLessThanOrEqual(100)
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test('a log that cannot be written or moved aside does not end the work', ({ onTestFinished }) => {
  const folder = mkdtempSync(join(tmpdir(), 'rushes-log-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const path = join(folder, 'agent.log')
  const log = createLogFile(path, { maxBytes: 10, keptCount: 1 })
  log.write('123456789\n')
  // Nothing can take the place of a folder that has something in it.
  mkdirSync(join(folder, 'agent.log.1', 'full'), { recursive: true })
  for (let count = 0; count < 3; count++) log.write('123456789\n')
  expect(readFileSync(path, 'utf8')).toMatch(/^(123456789\n)+$/)
})
