import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readVolumeTable } from '../../src/capture/volume-table.ts'
import type { StoredSource } from '../../src/queue/stored-upload.ts'
import { isBack } from '../../src/upload/watch-sources.ts'

test('a card that is out is not back because another card holds a file of the same path', async ({
  onTestFinished,
}) => {
  const folder = await mkdtemp(join(tmpdir(), 'rushes-card-'))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  const path = join(folder, 'C0001.MXF')
  const source: StoredSource = {
    ...{ fileId: 1, path, watchFolder: folder, volumeId: 'uuid:card-1', inode: '1', inodeIsStable: false },
    ...{ sizeBytes: 3, modifiedUs: 1, identityKey: 'key', statKey: null },
  }
  expect(await isBack(source)).toBe(false)
  await writeFile(path, 'abc')
  expect(await isBack(source)).toBe(false)
  const here = (await readVolumeTable(null)).find(folder).id
  expect(await isBack({ ...source, volumeId: here })).toBe(true)
})
