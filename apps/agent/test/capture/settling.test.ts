import { appendFile, mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { startRecorder } from './recorder.ts'
import { watchedFolder } from './watched-folder.ts'

test('tells a file that was there before once it has rested, and never calls it growing', async () => {
  await using folder = await watchedFolder({ prepare: (path) => writeFile(`${path}/A001.mov`, 'take one') })
  await folder.record.until('it settled', () => folder.record.settled('A001.mov').length === 1)

  expect(folder.record.toldOf('A001.mov')).toEqual(['onSettled'])
  const [file] = folder.record.settled('A001.mov')
  expect(file).toMatchObject({
    path: folder.at('A001.mov'),
    sizeBytes: 8,
    firstGrowthSeenAt: null,
    embeddedCreationAt: null,
    mediaType: 'video/quicktime',
  })
  expect(file?.identity).toMatchObject({ sizeBytes: 8, headTailDigest: expect.stringMatching(/^[0-9a-f]{16}$/) })
})

test('tells a file that another process writes slowly as growing at each size, and as settled only with its last byte', async () => {
  await using folder = await watchedFolder()
  await using recorder = await startRecorder()
  const { record } = folder
  const beganAt = Date.now()
  await recorder.do({ action: 'open', path: folder.at('clip.mp4') })
  const sizes = () => record.calls.flatMap((call) => (call.on === 'onGrowing' ? [call.args[0].sizeBytes] : []))
  for (const size of [5, 10, 15]) {
    await recorder.do({ action: 'write', text: '12345' })
    await record.until(`${size} bytes were seen`, () => sizes().includes(size))
  }
  await recorder.do({ action: 'close' })
  await record.until('it settled', () => record.settled('clip.mp4').length > 0)

  expect(record.toldOf('clip.mp4')).toEqual(['onGrowing', 'onSettled'])
  expect(sizes()).toEqual([...sizes()].sort((a, b) => a - b))
  const [file] = record.settled('clip.mp4')
  expect(file?.sizeBytes).toBe(15)
  expect(file?.firstGrowthSeenAt).toBeGreaterThanOrEqual(beganAt)
  expect(file?.capturedAt).toBe(Math.min(file?.firstGrowthSeenAt ?? 0, file?.modifiedAt ?? 0))
})

test('finds out at once that a recorder has closed its file, though it wrote to it without a pause until then', async () => {
  await using folder = await watchedFolder({ folder: { mode: 'realtime' }, settleMs: 600_000 })
  await using recorder = await startRecorder()
  const { record } = folder
  await recorder.do({ action: 'open', path: folder.at('clip.mov') })
  const looks = () => record.calls.filter((call) => call.on === 'onGrowing').length
  while (looks() < 6) await recorder.do({ action: 'write', text: '12345' })
  await recorder.do({ action: 'close' })
  await record.until('it settled', () => record.settled('clip.mov').length === 1)
})

test('leaves a file alone that a recorder holds open for writing, however long it pauses', async () => {
  await using folder = await watchedFolder()
  await using recorder = await startRecorder()
  const { record } = folder
  await recorder.do({ action: 'open', path: folder.at('paused.mov') })
  await recorder.do({ action: 'write', text: 'half' })
  const isSeenAsItIs = () => record.calls.some((call) => call.on === 'onGrowing' && call.args[0].sizeBytes === 4)
  await record.until('it was seen as it is', isSeenAsItIs)
  // A file that came later, and that nobody holds, has rested: so has the first.
  await writeFile(folder.at('later.mov'), 'whole')
  await record.until('the later one settled', () => record.settled('later.mov').length === 1)
  expect(record.toldOf('paused.mov')).toEqual(['onGrowing'])

  await recorder.do({ action: 'write', text: ' and half' })
  await recorder.do({ action: 'close' })
  await record.until('it settled', () => record.settled('paused.mov').length === 1)
  expect(record.settled('paused.mov')[0]?.sizeBytes).toBe(13)
})

test('picks a file up when it is renamed from a temporary name, captured since that name was first seen', async () => {
  await using folder = await watchedFolder()
  const { record } = folder
  const beganAt = Date.now()
  await writeFile(folder.at('clip.mov.part'), 'the whole')
  await writeFile(folder.at('marker.mov'), 'x')
  await record.until('a later file settled', () => record.settled('marker.mov').length === 1)
  const renamedAt = Date.now()
  await appendFile(folder.at('clip.mov.part'), ' clip')
  await rename(folder.at('clip.mov.part'), folder.at('clip.mov'))
  await record.until('it settled', () => record.settled('clip.mov').length === 1)

  expect(record.toldOf('clip.mov.part')).toEqual([])
  const [file] = record.settled('clip.mov')
  expect(file?.firstGrowthSeenAt).toBeGreaterThanOrEqual(beganAt)
  expect(file?.firstGrowthSeenAt).toBeLessThan(renamedAt)
})

test('takes a file that is moved in whole, with an older modification time, as captured then and not now', async () => {
  await using folder = await watchedFolder()
  const { record } = folder
  await using other = await watchedFolder()
  const lastWeek = new Date(Date.now() - 7 * 86_400_000)
  await writeFile(other.at('old.mov'), 'last week')
  await utimes(other.at('old.mov'), lastWeek, lastWeek)
  await rename(other.at('old.mov'), folder.at('old.mov'))
  await record.until('it settled', () => record.settled('old.mov').length === 1)

  const [file] = record.settled('old.mov')
  expect(file?.firstGrowthSeenAt).toBeNull()
  expect(file?.capturedAt).toBeLessThanOrEqual(lastWeek.getTime())
})

test('refuses a file without bytes once it has rested, and picks it up when bytes come', async () => {
  await using folder = await watchedFolder({ prepare: (path) => writeFile(`${path}/empty.wav`, '') })
  const { record } = folder
  await record.until('it was refused', () => record.toldOf('empty.wav').includes('onRefused'))
  expect(record.calls.find((call) => call.on === 'onRefused')?.args[0]).toMatchObject({
    reason: 'emptyFile',
    sizeBytes: 0,
  })
  expect(folder.capture.counts()).toMatchObject({ refused: 1, settled: 0, growing: 0 })

  await appendFile(folder.at('empty.wav'), 'sound')
  await record.until('it settled', () => record.settled('empty.wav').length === 1)
  expect(record.toldOf('empty.wav')).toEqual(['onRefused', 'onGrowing', 'onSettled'])
  expect(folder.capture.counts()).toMatchObject({ refused: 0, settled: 1, growing: 0 })
})

test.each([
  { change: 'written', act: { action: 'append', text: ' and more' } as const },
  { change: 'truncated', act: { action: 'truncate', sizeBytes: 3 } as const },
])(
  'says that a settled file was $change by another process, and offers it anew with another identity',
  async ({ change, act }) => {
    await using folder = await watchedFolder()
    await using recorder = await startRecorder()
    const { record } = folder
    await writeFile(folder.at('a.mxf'), 'first version')
    await record.until('it settled', () => record.settled('a.mxf').length === 1)
    await recorder.do({ ...act, path: folder.at('a.mxf') })
    await record.until('it settled again', () => record.settled('a.mxf').length === 2)

    expect(record.toldOf('a.mxf')).toEqual(['onGrowing', 'onSettled', 'onChanged', 'onGrowing', 'onSettled'])
    expect(record.calls.find((call) => call.on === 'onChanged')?.args[0]).toMatchObject({ change })
    const [first, second] = record.settled('a.mxf')
    expect(second?.identity.key).not.toBe(first?.identity.key)
    expect(second?.identity.inode).toBe(first?.identity.inode)
    // Nobody saw the second version begin.
    expect(second?.firstGrowthSeenAt).toBeNull()
  },
)

test('says that a settled file was replaced by another one of the same name and size', async () => {
  await using folder = await watchedFolder()
  const { record } = folder
  await writeFile(folder.at('a.mov'), 'one')
  await record.until('it settled', () => record.settled('a.mov').length === 1)
  await writeFile(folder.at('a.mov.tmp'), 'two')
  await rename(folder.at('a.mov.tmp'), folder.at('a.mov'))
  await record.until('it settled again', () => record.settled('a.mov').length === 2)

  expect(record.calls.find((call) => call.on === 'onChanged')?.args[0]).toMatchObject({ change: 'replaced' })
  const [first, second] = record.settled('a.mov')
  expect(second?.identity.headTailDigest).not.toBe(first?.identity.headTailDigest)
})

test('finds files in folders that are made and moved while it watches', async () => {
  await using folder = await watchedFolder()
  const { record } = folder
  await mkdir(folder.at('CARD/CLIPS'), { recursive: true })
  await writeFile(folder.at('CARD/CLIPS/1.mov'), '1')
  await record.until('the first settled', () => record.settled('CARD/CLIPS/1.mov').length === 1)
  await rename(folder.at('CARD'), folder.at('CARD-2'))
  await writeFile(folder.at('CARD-2/CLIPS/2.mov'), '2')
  await record.until('the second settled', () => record.settled('CARD-2/CLIPS/2.mov').length === 1)
  await record.until('the first has moved', () => record.toldOf('CARD-2/CLIPS/1.mov').includes('onMoved'))
})

test('goes on watching a folder that is deleted and made again, though it may get the same inode', async () => {
  await using folder = await watchedFolder()
  const { record } = folder
  for (const round of [1, 2, 3]) {
    await mkdir(folder.at('CARD/CLIPS/CLIPS'), { recursive: true })
    for (const take of [1, 2]) {
      const name = `CARD/CLIPS/CLIPS/${round}-${take}.mov`
      await writeFile(folder.at(name), name)
      await record.until(`take ${take} of round ${round} settled`, () => record.settled(name).length === 1)
    }
    await rm(folder.at('CARD'), { recursive: true })
  }
})

test('offers a file again that the listener could not take', async () => {
  const speed = 20
  await using folder = await watchedFolder({ speed })
  const { record } = folder
  record.failOn('onSettled')
  await writeFile(folder.at('a.mov'), 'once')
  await expect.poll(() => folder.logged.filter(({ level }) => level >= 50).length).toBe(1)
  record.succeedOn('onSettled')
  await record.until('it settled', () => record.settled('a.mov').length === 1)
})

test('calls nobody any more once it has stopped, though files go on changing', async () => {
  await using folder = await watchedFolder()
  const { record } = folder
  await writeFile(folder.at('a.mov'), 'a')
  await record.until('it was seen', () => record.toldOf('a.mov').length > 0)
  await folder.capture.stop()
  record.forget()
  await writeFile(folder.at('b.mov'), 'b')
  await using second = await watchedFolder({ path: folder.path })
  await second.record.until('another capture settled both', () => second.record.settled('b.mov').length === 1)
  expect(record.calls).toEqual([])
  // Whoever asks now is not left waiting.
  await folder.capture.rescan()
})
