import { execFile } from 'node:child_process'
import { mkdir, symlink, unlink, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { decodeName, fitsSystem } from '../../src/capture/shown-name.ts'
import { type createRecord, temporaryFolder, watchedFolder } from './watched-folder.ts'

const run = promisify(execFile)
const reasonFor = (record: ReturnType<typeof createRecord>, name: string) =>
  record.calls.flatMap((call) =>
    call.on === 'onRefused' && call.args[0].relativePath === name ? [call.args[0].reason] : [],
  )

test('hands over files with odd names byte for byte: quotes, newlines, emoji, either composition, glob characters', async () => {
  const names = [
    `it's "take" \`1\` $(x).mov`,
    'line one\nline\ttwo.mov',
    '🎬 rushes 👩‍🎤.mov',
    'Café é.mov'.normalize('NFC'),
    'Über.mov'.normalize('NFD'),
    '-rf  .mov ',
    '[A001] *?{x}.mov',
    'a\\b\\x41.mov',
    'odd \uFFFD.mov',
  ]
  await using folder = await watchedFolder()
  for (const name of names) await writeFile(folder.at(name), name)
  await folder.record.until('all settled', () => names.every((name) => folder.record.settled(name).length === 1))
  for (const name of names) expect(folder.record.settled(name)[0]?.path).toBe(folder.at(name))
})

test('takes two names that look alike but are composed differently as two files', async () => {
  const names = ['é.mov'.normalize('NFC'), 'é.mov'.normalize('NFD')] as const
  await using folder = await watchedFolder({
    prepare: (path) => Promise.all(names.map((name) => writeFile(`${path}/${name}`, name))),
  })
  await folder.record.until('both settled', () => names.every((name) => folder.record.settled(name).length === 1))
})

test('refuses names that are not UTF-8, also of folders, goes on with the others, and says when they are gone', async () => {
  const bad = (path: string, ...bytes: number[]) =>
    Buffer.concat([Buffer.from(`${path}/clip`), Buffer.from(bytes), Buffer.from('.mov')])
  await using folder = await watchedFolder({
    prepare: async (path) => {
      await writeFile(bad(path, 0xff), 'take')
      await mkdir(bad(path, 0xc3, 0x28))
      await writeFile(`${path}/good.mov`, 'take')
    },
  })
  const { record } = folder
  await record.until('the good one settled', () => record.settled('good.mov').length === 1)
  expect(reasonFor(record, 'clip\\xff.mov')).toEqual(['unusableName'])
  expect(reasonFor(record, 'clip\\xc3(.mov')).toEqual(['unusableName'])
  await folder.capture.rescan()
  expect(folder.capture.counts().refused).toBe(2)
  expect(record.calls.filter(({ on }) => on === 'onRefused')).toHaveLength(2)

  // One that comes while it watches, when the event's name is as unreadable.
  await writeFile(bad(folder.path, 0xfe), 'take')
  await record.until('it was refused', () => reasonFor(record, 'clip\\xfe.mov').length === 1)
  await unlink(bad(folder.path, 0xff))
  await folder.capture.rescan()
  await record.until('it is gone', () => record.toldOf('clip\\xff.mov').includes('onGone'))
})

test('goes into folders as deep as the system allows, and refuses what lies deeper', async () => {
  const step = 'd'.repeat(100)
  await using temporary = await temporaryFolder()
  const levels = Math.floor((4_000 - temporary.path.length) / (step.length + 1))
  const deepest = Array.from({ length: levels }, () => step).join('/')
  await mkdir(join(temporary.path, deepest), { recursive: true })
  await writeFile(join(temporary.path, deepest, 'deep.mov'), 'take')
  // Only from within can anything be made that no absolute path reaches.
  await run('sh', ['-c', `mkdir ${'e'.repeat(200)} && echo take > ${'e'.repeat(200)}/lost.mov`], {
    cwd: join(temporary.path, deepest),
  })
  await using folder = await watchedFolder({ path: temporary.path })
  const { record } = folder
  await record.until('the deep one settled', () => record.settled(`${deepest}/deep.mov`).length === 1)
  expect(reasonFor(record, `${deepest}/${'e'.repeat(200)}`)).toEqual(['unusableName'])
  await folder.capture.stop()
  await run('rm', ['-rf', temporary.path])
})

test('refuses pipes, sockets and links that lead out of the watch folder, each with its reason and once', async () => {
  await using outside = await temporaryFolder()
  await writeFile(join(outside.path, 'secret.mov'), 'not yours')
  const server = createServer()
  await using folder = await watchedFolder({
    prepare: async (path) => {
      await run('mkfifo', [`${path}/pipe.mov`])
      await new Promise<void>((resolve) => server.listen(`${path}/socket.mov`, resolve))
      await symlink(join(outside.path, 'secret.mov'), `${path}/file-link.mov`)
      await symlink(outside.path, `${path}/folder-link`)
      await writeFile(`${path}/real.mov`, 'take')
      await symlink('real.mov', `${path}/inner-link.mov`)
      await symlink('.', `${path}/loop`)
      await symlink('nowhere', `${path}/dangling.mov`)
    },
  })
  const { record } = folder
  await record.until('the real one settled', () => record.settled('real.mov').length === 1)
  await folder.capture.rescan()
  server.close()

  expect(reasonFor(record, 'pipe.mov')).toEqual(['notARegularFile'])
  expect(reasonFor(record, 'socket.mov')).toEqual(['notARegularFile'])
  expect(reasonFor(record, 'file-link.mov')).toEqual(['outsideWatchFolder'])
  expect(reasonFor(record, 'folder-link')).toEqual(['outsideWatchFolder'])
  expect(folder.capture.counts()).toMatchObject({ settled: 1, refused: 4, leftOut: { links: 3 } })
  expect(record.summary().some((told) => told.includes('secret'))).toBe(false)
})

test('leaves out what systems and browsers leave behind, counts it, and obeys the rules of the folder', async () => {
  const names = ['._A001.mov', '.DS_Store', 'a.mov.part', 'b.TMP', 'c.crdownload', 'proxy.mp4', 'notes.txt', 'A001.MOV']
  const folders = ['.Trashes', 'System Volume Information', 'PROXY']
  await using folder = await watchedFolder({
    folder: { include: ['*.mov', '*.mp4'], exclude: ['proxy*'] },
    prepare: async (path) => {
      for (const name of names) await writeFile(join(path, name), name)
      for (const name of folders) {
        await mkdir(join(path, name))
        await writeFile(join(path, name, 'inside.mov'), name)
      }
    },
  })
  await folder.record.until('one settled', () => folder.record.settled('A001.MOV').length === 1)
  expect(folder.record.summary().filter((told) => told !== 'onVolumes')).toEqual(['onSettled A001.MOV'])
  expect(folder.capture.counts().leftOut).toEqual({
    hidden: 3,
    system: 1,
    temporary: 3,
    byRule: 3,
    links: 0,
    unreadable: 0,
  })
})

test('shows bytes that are no UTF-8 as such, between characters that are', () => {
  expect(decodeName(Buffer.from('plain é'))).toEqual({ usable: true, name: 'plain é' })
  const mixed = Buffer.concat([Buffer.from('é'), Buffer.from([0x80, 0xf0, 0x9f]), Buffer.from('🎬')])
  expect(decodeName(mixed)).toEqual({ usable: false, shown: 'é\\x80\\xf0\\x9f🎬' })
})

test.each([
  [4_095, true],
  [4_096, false],
])('counts the bytes of a path, not its characters: %i fit: %s', (bytes, fits) => {
  expect(fitsSystem(`/${'a'.repeat(bytes - 1)}`)).toBe(fits)
  expect(fitsSystem(`${'é'.repeat(2_000)}${'a'.repeat(bytes - 4_000)}`)).toBe(fits)
})
