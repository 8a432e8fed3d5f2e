import { renameClip } from '@rushes/fleet'
import type { Command } from 'commander'
import { AdminError } from '../admin-error.ts'
import { print } from '../output.ts'
import type { GlobalOptions } from '../program.ts'
import { withSession } from '../session.ts'
import { checkIds } from './clip.ts'

/** `clip rename`: the name that people and downloads see. */
export function addClipRenameCommand(program: Command, globals: () => GlobalOptions): void {
  const clip = program.commands.find((command) => command.name() === 'clip')
  if (clip === undefined) throw new Error('the commands about clips are added first')

  clip
    .command('rename')
    .description('Give a clip another name; a stored file keeps its place')
    .argument('<id>', 'id of a clip: rushes-admin clip list')
    .argument('<name>')
    .action(async (id: string, name: string) => {
      const { json, dataDir } = globals()
      await withSession(dataDir, async (session) => {
        const [assetId = ''] = checkIds([id])
        const outcome = await renameClip(session, { assetId, name })
        switch (outcome.kind) {
          case 'renamed':
            return print(json, outcome, [`the clip is called ${outcome.name} now`])
          case 'clipUnknown':
            throw new AdminError('notFound', `there is no clip ${id}`, 'See the ids: rushes-admin clip list')
          case 'clipNameInvalid':
            throw new AdminError('misuse', 'a clip needs a name of 1 to 255 characters on one line', 'Give another one')
        }
      })
    })
}
