import { spawnSync } from 'node:child_process'
import { copyFile, mkdir, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import type { Check } from '../../src/doctor/check.ts'
import { type Device, endAll, type Finished, mainPath, runCli, startDevice } from './agent-process.ts'
import { changeStored } from './stored-queue.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

const checksOf = ({ lines }: Finished): Check[] => lines as Check[]
const problemsOf = (finished: Finished): string[] => checksOf(finished).flatMap(({ check, ok }) => (ok ? [] : [check]))

test('doctor says of a new device what to do first, and ends with 1', async () => {
  const device = await startDevice({ paired: false })
  const finished = await device.cli('doctor')
  expect(finished.code).toBe(1)
  expect(problemsOf(finished)).toEqual(['pairing', 'agent', 'watchFolder'])
  expect(JSON.parse(finished.stderr)).toMatchObject({ error: { code: 'CHECKS_FAILED' } })
  const forPeople = await runCli(['--state-dir', device.stateDir, 'doctor'])
  expect(forPeople.stdout).toMatch(/PROBLEM +pairing +this device is not paired\n +→ Pair it: rushes-agent pair/)
})

test('doctor tells of watch folders that are absent or files, of settings and proxies that are wrong, and of authorities that are none', async () => {
  const device = await startDevice()
  const file = join(device.watchDir, 'A001.mov')
  await writeFile(file, 'clip')
  const watched = await device.cli('doctor', '--watch', join(device.watchDir, 'gone'), file, device.watchDir)
  const folders = checksOf(watched).filter(({ check }) => check === 'watchFolder')
  expect(folders.map(({ ok, message }) => [ok, message.split(' ').slice(1).join(' ')])).toEqual([
    [false, 'is not there'],
    [false, 'is not a folder'],
    [true, 'can be read'],
  ])

  const settings = join(device.stateDir, 'agent.json')
  await writeFile(settings, '{"workers": 0}')
  expect(problemsOf(await device.cli('doctor'))).toContain('settings')
  await writeFile(settings, '{"caFile": "nowhere.pem"}')
  const [untrusted] = checksOf(await device.cli('doctor')).filter(({ check }) => check === 'settings')
  expect(untrusted).toMatchObject({ ok: false, message: expect.stringContaining('nowhere.pem') })
  await writeFile(settings, '{}')
  const args = ['--state-dir', device.stateDir, '--json', 'doctor']
  expect(problemsOf(await runCli(args, { env: { HTTPS_PROXY: 'nonsense' } }))).toContain('settings')
})

test('doctor tells of a gateway that is down, by the way there and by the word of a running agent', async () => {
  const device = await startDevice()
  await device.start()
  await vi.waitUntil(async () => (await device.status()).controlLink?.state === 'waiting', { timeout: 30_000 })
  expect(problemsOf(await device.cli('doctor', '--watch', device.watchDir))).toEqual([
    'gateway.connection',
    'gateway.link',
  ])
})

test('doctor tells of a destination that is down and of one that no longer knows the device', async () => {
  const device = await startDevice({ mode: 'foreign' })
  device.server.inject({ kind: 'reply', status: 401, body: '{}' }, { operation: 'me', times: 10 })
  const refused = await device.cli('doctor', '--watch', device.watchDir)
  expect(problemsOf(refused)).toEqual(['agent', 'destination.access'])
  await device.server.stop()
  const down = await device.cli('doctor', '--watch', device.watchDir)
  expect(problemsOf(down)).toEqual(['agent', 'destination.connection'])
})

test('doctor tells of a damaged queue, leaves it as it is, and knows those that were kept aside', async () => {
  const device = await startDevice({ mode: 'foreign' })
  const path = join(device.stateDir, 'queue.db')
  await copyFile(path, join(device.stateDir, 'queue-damaged-20310102T030405.db'))
  const aside = checksOf(await device.cli('doctor')).filter(({ check }) => check === 'queue')
  expect(aside.map(({ ok }) => ok)).toEqual([true, true])
  const queue = await open(path, 'r+')
  await queue.write(Buffer.alloc(40_000, 7), 0, 40_000, 4_096)
  await queue.close()
  const finished = await device.cli('doctor')
  expect(problemsOf(finished)).toContain('queue')
  expect(checksOf(finished).find(({ check, ok }) => check === 'queue' && !ok)?.message).toContain('damaged')
  expect((await readFile(path)).subarray(4_096, 4_100)).toEqual(Buffer.alloc(4, 7))
})

test('doctor tells of a pairing that the destination ended, of one without a project, and of a queue of a newer version', async () => {
  const device = await startDevice({ mode: 'foreign' })
  const pairingAfter = async (sql: string) => {
    changeStored(device.stateDir, sql)
    return checksOf(await device.cli('doctor')).find(({ check, ok }) => !ok && check !== 'agent')
  }
  // What else a row without a project has to look like is not what is looked at here.
  const unassigned =
    'PRAGMA ignore_check_constraints = ON; UPDATE upload_link SET project_id = NULL, project_name = NULL'
  expect(await pairingAfter(unassigned)).toMatchObject({ check: 'pairing', advice: expect.stringContaining('assign') })
  const lost = "PRAGMA ignore_check_constraints = ON; UPDATE upload_link SET authorization = 'lost'"
  expect(await pairingAfter(lost)).toMatchObject({ check: 'pairing', advice: expect.stringContaining('Pair it again') })
  expect(await pairingAfter('PRAGMA user_version = 999')).toMatchObject({
    check: 'queue',
    message: expect.stringContaining('newer version'),
  })
})

/** Doctor on a system that was spoiled by a script; whoever is root would else be allowed everything. */
function doctorOn({ stateDir, watchDir }: Device, script: string): { status: number | null; checks: Check[] } {
  const doctor = [process.execPath, mainPath, '--state-dir', stateDir, '--json', 'doctor', '--watch', watchDir]
  const namespace = [
    '--user',
    '--map-root-user',
    '--mount',
    'sh',
    '-c',
    `${script} && shift && exec "$@"`,
    'sh',
    stateDir,
  ]
  const { status, stdout } = spawnSync('unshare', [...namespace, ...doctor], { encoding: 'utf8' })
  const lines = stdout.split('\n').filter((line) => line !== '')
  return { status, checks: lines.map((line): Check => JSON.parse(line)) }
}

test('doctor tells of a state folder that can only be read', async () => {
  const device = await startDevice({ paired: false })
  const { status, checks } = doctorOn(device, 'mount -t tmpfs -o ro,mode=700 none "$1"')
  expect(status).toBe(1)
  expect(checks[0]).toMatchObject({ check: 'stateFolder', ok: false, message: expect.stringContaining('EROFS') })
})

test('doctor tells of a state folder on a disk that is nearly full', async () => {
  const device = await startDevice({ paired: false })
  const { checks } = doctorOn(device, 'mount -t tmpfs -o size=8m,mode=700 none "$1"')
  expect(checks[0]).toMatchObject({ check: 'stateFolder', ok: false, advice: expect.stringContaining('Make room') })
})

test('doctor tells of a system that lets fewer folders be watched than there are', async () => {
  const device = await startDevice({ paired: false })
  for (const name of ['CLIPS001', 'CLIPS002', 'CLIPS003']) await mkdir(join(device.watchDir, name))
  const limited = (most: number) => {
    const { checks } = doctorOn(device, `echo ${most} > /proc/sys/user/max_inotify_watches`)
    return checks.find(({ check }) => check === 'directoryWatches')
  }
  expect(limited(4)).toMatchObject({ ok: true })
  expect(limited(3)).toMatchObject({ ok: false, advice: expect.stringContaining('fs.inotify.max_user_watches') })
  expect(limited(0)).toMatchObject({ ok: false, message: expect.stringContaining('ENOSPC') })
})
