import { spawnSync } from 'node:child_process'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { endAll, mainPath, startDevice } from './agent-process.ts'
import { differences, writeClip } from './clips.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

test.for([
  ['is no database any more', (bytes: Buffer) => bytes.fill(0x5a)],
  ['is damaged behind its first pages', (bytes: Buffer) => bytes.fill(0x5a, 8 * 4_096)],
] as const)(
  'a queue file that %s is kept aside, the pairing lives on, and nothing is uploaded twice',
  async ([, damage]) => {
    const device = await startDevice()
    const clips = []
    for (let number = 1; number <= 3; number++)
      clips.push(await writeClip(device.watchDir, `A00${number}.mov`, 100_000 + number))
    const first = await device.start()
    await device.until((uploads) => uploads.filter(({ state }) => state === 'verified').length === 3, 'verified')
    expect(await first.terminate()).toBe(0)
    const before = await device.status()
    clips.push(await writeClip(device.watchDir, 'A004.mov', 100_004))
    const path = join(device.stateDir, 'queue.db')
    const bytes = await readFile(path)
    await rm(`${path}-wal`, { force: true })
    await writeFile(path, damage(bytes))

    await device.start()
    const uploads = await device.until(
      (all) => all.filter(({ state }) => state === 'verified').length === 3 && all.length === 4,
      'matched with the destination',
    )
    const unmatched = uploads.find(({ state }) => state !== 'verified')
    expect(unmatched).toMatchObject({ state: 'held', reason: 'queueRebuilt' })
    expect(unmatched?.path).toMatch(/A004\.mov$/)
    expect(device.server.assets).toHaveLength(3)
    const aside = (await readdir(device.stateDir)).filter((name) => /^queue-damaged-.*\.db$/.test(name))
    expect(aside).toHaveLength(1)
    expect((await stat(join(device.stateDir, aside[0] ?? ''))).size).toBe(bytes.length)
    const after = await device.status()
    expect([after.paired, after.deviceId, after.clientId]).toEqual([true, before.deviceId, before.clientId])

    await device.cli('release', unmatched?.id ?? '')
    await device.until((all) => all.every(({ state }) => state === 'verified'), 'released')
    for (const clip of clips) expect(differences(device.server, clip)).toEqual([])
    expect(device.server.assets).toHaveLength(4)
    expect(device.server.violations).toEqual([])
  },
)

test('what is captured after the queue was rebuilt goes up by itself', async () => {
  const device = await startDevice()
  await writeFile(
    join(device.stateDir, 'queue.db'),
    'not a database at all, and long enough to be looked at as one'.repeat(100),
  )
  await rm(join(device.stateDir, 'queue.db-wal'), { force: true })
  await device.start()
  const clip = await writeClip(device.watchDir, 'A001.mov', 100_000)
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
  expect(differences(device.server, clip)).toEqual([])
})

test('a state folder that can only be read is refused with its name and what to do', async () => {
  const device = await startDevice({ paired: false })
  // Whoever is root may write any folder, but not on a file system that is mounted read-only.
  const script = 'mount -t tmpfs -o ro none "$1" && shift && exec "$@"'
  const agent = [process.execPath, mainPath, '--state-dir', device.stateDir, '--json', 'run']
  const namespace = ['--user', '--map-root-user', '--mount', 'sh', '-c', script, 'sh', device.stateDir]
  const finished = spawnSync('unshare', [...namespace, ...agent], { encoding: 'utf8' })
  expect(finished.status).toBe(1)
  const { error } = JSON.parse(finished.stderr)
  expect(error).toMatchObject({ code: 'STATE_DIR_UNUSABLE', message: expect.stringContaining(device.stateDir) })
})
