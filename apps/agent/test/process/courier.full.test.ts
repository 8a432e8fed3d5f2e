import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { seededRandom } from '@rushes/test-kit'
import { afterEach, test as anyTest, expect, vi } from 'vitest'
import { atEnd, type Device, endAll, mainPath, startDevice } from './agent-process.ts'
import { type Clip, differences, writeClip } from './clips.ts'
import { canHaveExfatCards, makeExfatCard } from './exfat-card.ts'
import { unpackAgent } from './packed-agent.ts'
import { changeStored, movedPairing } from './stored-queue.ts'

vi.setConfig({ testTimeout: 120_000 })
afterEach(endAll)

const count = 400
/** They take long enough for the thread to begin, and are not more than the agent lists at once. */
const manyStills = 900

const writeStills = async (folder: string, stillCount = count): Promise<Clip[]> => {
  const random = seededRandom(1)
  const stills: Clip[] = []
  for (let index = 0; index < stillCount; index++)
    stills.push(await writeClip(folder, `still-${index}.dng`, 20_000 + index, random))
  return stills
}

async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'rushes-packed-'))
  atEnd(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Resolves when the agent has its thread for small parts. */
async function untilThread({ pid }: { pid: number }): Promise<void> {
  for (const givesUpAt = performance.now() + 30_000; performance.now() < givesUpAt; await delay(5)) {
    const threads = await readdir(`/proc/${pid}/task`)
    const names = await Promise.all(
      threads.map((id) => readFile(`/proc/${pid}/task/${id}/comm`, 'utf8').catch(() => '')),
    )
    if (names.some((name) => name.trim() === 'courier')) return
  }
  throw new Error('the agent began no thread for small parts')
}

const untilHome = (device: Device, stillCount = count) =>
  device.until((all) => all.length === stillCount && all.every(({ state }) => state === 'verified'), 'verified')

anyTest.for([
  ['as it lies there', async () => [process.execPath, mainPath] as const],
  ['packed into one file', async () => [unpackAgent(await newFolder()).executable] as const],
] as const)(
  'the agent, %s, sends many small files by a thread of its own, and all of them arrive whole',
  async ([, program]) => {
    const device = await startDevice({ program: await program() })
    const stills = await writeStills(device.watchDir)
    const agent = await device.start()
    await untilThread(agent)
    await untilHome(device)
    for (const still of stills) expect(differences(device.server, still)).toEqual([])
    expect(device.server.partsSentAgain()).toEqual([])
    expect(device.server.violations).toEqual([])
    expect(agent.stderr()).not.toContain('has failed')
  },
)

anyTest.skipIf(!(await canHaveExfatCards()))(
  'a card that hangs while its small files are sent costs time alone: all arrive whole when it goes on',
  async () => {
    const card = await makeExfatCard()
    const device = await startDevice()
    // exFAT keeps times in steps of two seconds, and the pairing of a test is hardly older than its clips.
    changeStored(device.stateDir, movedPairing(-60_000, -60_000))
    atEnd(() => card.throwAway())
    await card.insert(device.watchDir)
    const stills = await writeStills(device.watchDir, manyStills)
    await card.eject()
    await card.insert(device.watchDir)
    const agent = await device.start()
    await untilThread(agent)
    // Until it hangs while the thread has something to do, and not before that has begun.
    const hasHung = () => agent.stderr().includes('does not answer')
    while (!hasHung()) {
      const goOn = card.hang()
      try {
        for (const givesUpAt = performance.now() + 6_000; !hasHung() && performance.now() < givesUpAt; ) await delay(50)
      } finally {
        goOn()
      }
      await delay(100)
    }
    await untilHome(device, manyStills)
    for (const still of stills) expect(differences(device.server, still)).toEqual([])
    expect(device.server.partsSentAgain()).toEqual([])
    expect(device.server.violations).toEqual([])
  },
)
