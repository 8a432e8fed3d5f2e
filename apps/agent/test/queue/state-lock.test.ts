import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { takeStateLock, waitForStateLock } from '../../src/queue/state-dir.ts'

test('a daemon that starts while a command looks at the queue waits until the command is done', async ({
  onTestFinished,
}) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'rushes-lock-'))
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }))
  const command = takeStateLock(stateDir)
  const daemon = waitForStateLock(stateDir, new AbortController().signal) // has tried once in vain when this returns
  expect(takeStateLock(stateDir)).toBeNull()
  command?.release()
  const lock = await daemon
  expect(lock).not.toBeNull()
  lock?.release()
})

test('waiting for the state folder ends with the signal', async ({ onTestFinished }) => {
  const stateDir = await mkdtemp(join(tmpdir(), 'rushes-lock-'))
  onTestFinished(() => rm(stateDir, { recursive: true, force: true }))
  const other = takeStateLock(stateDir)
  const stop = new AbortController()
  const waiting = waitForStateLock(stateDir, stop.signal)
  stop.abort()
  expect(await waiting).toBeNull()
  other?.release()
})
