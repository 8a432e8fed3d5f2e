import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openDataFolder } from '../data-folder.ts'

let dir: string
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'rushes-data-'))
})
afterEach(() => rm(dir, { recursive: true, force: true }))

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

test('is made closed to all others, with keys that stay the same', async () => {
  const first = await openDataFolder(join(dir, 'new folder', 'data'))
  expect(await modeOf(first.path)).toBe('700')
  expect(await modeOf(join(first.path, 'secrets.json'))).toBe('600')
  expect(first.secret).toMatch(/^[\w-]{43}$/)
  first.unlock()
  const second = await openDataFolder(first.path)
  expect(second.secret).toBe(first.secret)
  expect(second.postgresPassword).toBe(first.postgresPassword)
  expect(second.postgresHomeDir).toBe(first.postgresHomeDir)
  second.unlock()
})

test('is closed again when somebody has opened it to others', async () => {
  const first = await openDataFolder(dir)
  first.unlock()
  await chmod(dir, 0o755)
  const second = await openDataFolder(dir)
  expect(await modeOf(dir)).toBe('700')
  second.unlock()
})

test('refuses a second start, and says which one is there', async () => {
  const first = await openDataFolder(dir)
  await writeFile(first.localInstanceFile, JSON.stringify({ pid: 4711, publicUrl: 'http://localhost:3000' }, null, 2))
  await expect(openDataFolder(dir)).rejects.toMatchObject({
    code: 'dataFolderInUse',
    message: expect.stringContaining('http://localhost:3000, process 4711'),
  })
  first.unlock()
  const second = await openDataFolder(dir)
  second.unlock()
})

test('refuses a folder with somebody else’s files in it, and leaves it as it is', async () => {
  await writeFile(join(dir, 'holiday.mp4'), 'mine')
  await chmod(dir, 0o755)
  await expect(openDataFolder(dir)).rejects.toMatchObject({ code: 'dataFolderNotOurs' })
  expect(await modeOf(dir)).toBe('755')
})

test('refuses damaged keys instead of making new ones, which would lock the database for ever', async () => {
  const first = await openDataFolder(dir)
  first.unlock()
  const file = join(dir, 'secrets.json')
  const whole = await readFile(file, 'utf8')
  await writeFile(file, whole.slice(0, 20))
  await expect(openDataFolder(dir)).rejects.toMatchObject({ code: 'dataFolderDamaged' })
  await writeFile(file, whole)
  const mended = await openDataFolder(dir)
  expect(mended.secret).toBe(first.secret)
  mended.unlock()
})

test('says so when the place for it cannot be written', async () => {
  const file = join(dir, 'a file')
  await writeFile(file, '')
  await expect(openDataFolder(join(file, 'data'))).rejects.toMatchObject({
    code: 'dataFolderNotWritable',
    hint: expect.stringContaining('--data-dir'),
  })
})
