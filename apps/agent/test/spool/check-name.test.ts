import { expect, test } from 'vitest'
import { checkClipName } from '../../src/spool/check-name.ts'

test.for(['A001.mov', 'take 2 – wide.WAV', 'Ünïcode 場.mxf', 'no-extension', '-', 'a'.repeat(250)])(
  '%j can be the name of a piped clip',
  (name) => expect(() => checkClipName(name)).not.toThrow(),
)

test.for([
  ...['', '   ', '.', '..', '.hidden.mov', '../A001.mov', 'a/b.mov', 'a\\b.mov'],
  ...['a\0.mov', 'a\nb.mov', 'a\u001b[2J.mov', 'a\u2028.mov', 'lone\ud800.mov'],
  ...['A001.mov.part', 'A001.TMP', 'x.crdownload', 'a'.repeat(251), '場'.repeat(84)],
])('%j cannot', (name) => {
  expect(() => checkClipName(name)).toThrow(expect.objectContaining({ code: 'MISUSE' }))
})
