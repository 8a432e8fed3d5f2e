import { ensureDeviceModels, ensureFirstOperator } from '@rushes/fleet'
import type { Command } from 'commander'
import { AdminError } from '../admin-error.ts'
import { readConfig } from '../config.ts'
import { print } from '../output.ts'
import type { GlobalOptions } from '../program.ts'
import { withSession } from '../session.ts'

/** Safe to run at every start: it changes nothing that is there already, apart from a client secret that was given. */
export function addFirstStartCommand(program: Command, globals: () => GlobalOptions): void {
  program
    .command('first-start')
    .description(
      'Give an installation what it cannot do without: its device models, and a way in for the first operator',
    )
    .action(async () => {
      const { json, dataDir } = globals()
      const { firstOperator, clientSecret } = readConfig()
      await withSession(dataDir, async (session) => {
        const { publicUrl } = session.instance
        if (publicUrl === null) {
          throw new AdminError(
            'badEnvironment',
            'the address of the control plane is not known',
            'Set RUSHES_PUBLIC_URL, for example https://rushes.example.com',
          )
        }
        const { generatedClientSecret } = await ensureDeviceModels(session, { clientSecret })
        const entry = await ensureFirstOperator(session, { publicUrl, ...firstOperator })
        const lines =
          generatedClientSecret === null ? [] : [`client secret of other C2C devices: ${generatedClientSecret}`]
        switch (entry.kind) {
          case 'exists':
            return print(json, { entry, generatedClientSecret }, [
              ...lines,
              'somebody may sign in already; nothing was changed',
            ])
          case 'created':
            return print(json, { entry, generatedClientSecret }, [...lines, `${entry.email} may sign in`])
          case 'link':
            return print(json, { entry, generatedClientSecret }, [
              ...lines,
              `the first operator signs in at ${entry.url}`,
            ])
          case 'emailInvalid':
          case 'nameInvalid':
          case 'passwordTooShort':
          case 'passwordTooLong':
            throw new AdminError(
              'badEnvironment',
              `the first operator cannot be made of RUSHES_ADMIN_EMAIL and RUSHES_ADMIN_PASSWORD: ${entry.kind}`,
              'For example: RUSHES_ADMIN_EMAIL=ana@example.com RUSHES_ADMIN_PASSWORD="a sentence that you remember"',
            )
        }
      })
    })
}
