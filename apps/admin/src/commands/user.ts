import { createPerson, createResetLink, isRole, roles } from '@rushes/fleet'
import type { Command } from 'commander'
import { AdminError } from '../admin-error.ts'
import { print } from '../output.ts'
import type { GlobalOptions } from '../program.ts'
import { type Session, withSession } from '../session.ts'

export function addUserCommands(program: Command, globals: () => GlobalOptions): void {
  const user = program.command('user').description('People who may sign in')

  user
    .command('create')
    .description('Make a person; prints a one-time link by which they set their password')
    .argument('<email>')
    .option('--name <name>', 'how others see them (default: the e-mail’s first part)')
    .option('--role <role>', `one of ${roles.join(', ')}`, 'operator')
    .action(async (email: string, options: { name?: string; role: string }) => {
      const { json, dataDir } = globals()
      const { role } = options
      if (!isRole(role)) throw new AdminError('misuse', `there is no role ${role}`, `Use one of ${roles.join(', ')}`)
      await withSession(dataDir, async (session) => {
        const publicUrl = requirePublicUrl(session)
        const outcome = await createPerson(session, { email, role, name: options.name ?? email.split('@')[0] ?? email })
        switch (outcome.kind) {
          case 'created': {
            const link = await createResetLink(session, { email: outcome.person.email, publicUrl })
            if (link.kind !== 'created')
              throw new AdminError('notFound', 'the person was removed meanwhile', 'Try again')
            return print(json, { person: outcome.person, url: link.url, expiresAt: link.expiresAt }, [
              `created ${outcome.person.name} (${outcome.person.email}), ${role}`,
              `They set a password at ${link.url}`,
              `The link is good once, until ${link.expiresAt.toISOString()}.`,
            ])
          }
          case 'emailTaken':
            throw new AdminError(
              'refused',
              `${outcome.email} has an account already`,
              'For a new password: rushes-admin user reset-link EMAIL',
            )
          case 'emailInvalid':
            throw new AdminError(
              'misuse',
              `${email} is not an e-mail address`,
              'For example: rushes-admin user create ana@example.com --role operator',
            )
          case 'nameInvalid':
            throw new AdminError('misuse', 'a name has 1 to 120 characters on one line', 'Give one with --name NAME')
          case 'passwordTooShort':
          case 'passwordTooLong':
            throw new AdminError('refused', 'the password cannot be used', 'Use rushes-admin user reset-link EMAIL')
        }
      })
    })

  user
    .command('reset-link')
    .description('Make a one-time link by which a person sets a new password')
    .argument('<email>')
    .action(async (email: string) => {
      const { json, dataDir } = globals()
      await withSession(dataDir, async (session) => {
        const outcome = await createResetLink(session, { email, publicUrl: requirePublicUrl(session) })
        if (outcome.kind === 'personUnknown') {
          throw new AdminError('notFound', `nobody signs in as ${email}`, 'To add them: rushes-admin user create EMAIL')
        }
        const { url, expiresAt, person } = outcome
        print(json, { person, url, expiresAt }, [
          `${person.name} sets a new password at ${url}`,
          `The link is good once, until ${expiresAt.toISOString()}.`,
        ])
      })
    })
}

function requirePublicUrl(session: Session): string {
  if (session.instance.publicUrl !== null) return session.instance.publicUrl
  throw new AdminError(
    'badEnvironment',
    'the address of the control plane is not known',
    'Set RUSHES_PUBLIC_URL=https://rushes.example.com',
  )
}
