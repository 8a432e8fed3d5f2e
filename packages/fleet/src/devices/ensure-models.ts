import { type Database, deviceModels } from '@rushes/db'
import { eq } from 'drizzle-orm'
import { newOpaqueToken, sha256Hex } from '../tokens/secrets.ts'

export const agentModelName = 'Rushes agent'
export const genericModelName = 'Generic C2C device'

/**
 * Makes the two device models that every installation has: our own agent, a public client, and one for any other C2C device.
 * The secret of the latter is the given one, which replaces another, else one generated when the model is made; that one is
 * returned this once, to be shown.
 */
export async function ensureDeviceModels(
  { db }: { db: Database },
  input: { clientSecret?: string | undefined },
): Promise<{ generatedClientSecret: string | null }> {
  await db.insert(deviceModels).values({ name: agentModelName, isOurAgent: true }).onConflictDoNothing()
  const clientSecret = input.clientSecret ?? newOpaqueToken()
  const made = await db
    .insert(deviceModels)
    .values({ name: genericModelName, clientSecretSha256: sha256Hex(clientSecret) })
    .onConflictDoNothing({ target: deviceModels.name })
    .returning({ id: deviceModels.id })
  if (made.length > 0) return { generatedClientSecret: input.clientSecret === undefined ? clientSecret : null }
  if (input.clientSecret !== undefined)
    await db
      .update(deviceModels)
      .set({ clientSecretSha256: sha256Hex(input.clientSecret) })
      .where(eq(deviceModels.name, genericModelName))
  return { generatedClientSecret: null }
}
