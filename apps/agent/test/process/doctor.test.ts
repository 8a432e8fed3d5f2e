import { afterEach, expect, test, vi } from 'vitest'
import type { Check } from '../../src/doctor/check.ts'
import { type Device, endAll, type Finished, runCli, startDevice } from './agent-process.ts'
import { readStored } from './stored-queue.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

const checksOf = ({ lines }: Finished): Check[] => lines as Check[]
const problemsOf = (finished: Finished): string[] => checksOf(finished).flatMap(({ check, ok }) => (ok ? [] : [check]))

/** Everything that nobody may see in what is printed. */
const secretsOf = ({ stateDir }: Device): string[] =>
  readStored<Record<string, string>>(stateDir, 'SELECT access_token, refresh_token, client_secret FROM upload_link')
    .flatMap((row) => Object.values(row))
    .filter((secret) => secret !== null)

test('doctor finds nothing wrong with a device that works, and says no secret', async () => {
  const device = await startDevice({ mode: 'foreign' })
  await device.start()
  const given = ['doctor', '--watch', device.watchDir]
  const finished = await device.cli(...given)
  expect(problemsOf(finished)).toEqual([])
  expect(finished.code).toBe(0)
  expect(checksOf(finished).map(({ check }) => check)).toEqual([
    ...['stateFolder', 'settings', 'queue', 'pairing', 'agent', 'watchFolder', 'directoryWatches'],
    ...['destination.connection', 'destination.answer', 'destination.access', 'clock'],
  ])
  const forPeople = await runCli(['--state-dir', device.stateDir, ...given])
  expect(forPeople).toMatchObject({ code: 0, stdout: expect.stringMatching(/^ok +state folder/) })
  const secrets = secretsOf(device)
  expect(secrets).toHaveLength(3)
  for (const secret of secrets) expect(finished.stdout + forPeople.stdout + forPeople.stderr).not.toContain(secret)
})
