import { z } from 'zod'
import { runAdmin } from './run-admin.ts'

/**
 * Sees to it that an empty instance can be entered and that devices can be paired with it.
 *
 * @returns how to sign in, in lines for a person
 */
export async function enterFirstTime(env: Readonly<Record<string, string>>): Promise<string[]> {
  const { entry, generatedClientSecret } = firstStart.parse(await runAdmin(env, ['first-start']))
  const lines = [wayIn(entry, env.RUSHES_PUBLIC_URL ?? '')]
  if (generatedClientSecret !== null) {
    lines.push(`Other C2C devices pair with this client secret, shown this once: ${generatedClientSecret}`)
  }
  return lines
}

const firstStart = z.object({
  entry: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('link'), url: z.string() }),
    z.object({ kind: z.literal('created'), email: z.string() }),
    z.object({ kind: z.literal('exists') }),
  ]),
  generatedClientSecret: z.string().nullable(),
})

function wayIn(entry: z.infer<typeof firstStart>['entry'], publicUrl: string): string {
  switch (entry.kind) {
    case 'link':
      return `Sign in as the first operator, by this one-time link: ${entry.url}`
    case 'created':
      return `Sign in as ${entry.email}, with RUSHES_ADMIN_PASSWORD, at ${publicUrl}`
    case 'exists':
      return `Sign in at ${publicUrl}   (a forgotten password: npx rushes-admin user reset-link EMAIL)`
  }
}
