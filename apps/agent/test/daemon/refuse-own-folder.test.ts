import { mkdir, mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { refuseOwnFolder } from '../../src/daemon/refuse-own-folder.ts'

test.for([
  ['the state folder', 'state', true],
  ['the spool', 'state/spool', true],
  ['a folder in the spool', 'state/spool/clips', true],
  ['a link to the state folder', 'link', true],
  ['a folder beside it that begins like it', 'state-of-art', false],
  ['a folder below the state folder', 'state/card', false],
  ['a folder around it', '.', false],
  ['a folder that is not there yet', 'state/nowhere', false],
] as const)('a watch folder that is %s is refused: %s', async ([, folder, isRefused]) => {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'rushes-own-')))
  onTestFinished(() => rm(root, { recursive: true }))
  for (const name of ['state/spool/clips', 'state/card', 'state-of-art'])
    await mkdir(join(root, name), { recursive: true })
  await symlink(join(root, 'state'), join(root, 'link'))
  const refuse = () => refuseOwnFolder(join(root, 'link'), [join(root, 'card'), join(root, folder)])
  if (isRefused) expect(refuse).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }))
  else expect(refuse).not.toThrow()
})
