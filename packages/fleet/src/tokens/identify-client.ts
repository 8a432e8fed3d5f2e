import { type Database, deviceModels } from '@rushes/db'
import { agentClientIdPrefix } from '@rushes/protocol'
import { eq } from 'drizzle-orm'
import { sha256Hex } from './secrets.ts'

export type ClientModel = { id: string; name: string; isOurAgent: boolean }

/**
 * The model of device that these client credentials belong to; null when they are wrong. The secret names the model, because
 * all units of one share it. Only our own agents come without: they are public clients, told by the prefix of their id.
 */
export async function identifyClient(
  { db }: { db: Database },
  client: { clientId: string; clientSecret: string | null },
): Promise<ClientModel | null> {
  const columns = { id: deviceModels.id, name: deviceModels.name, isOurAgent: deviceModels.isOurAgent }
  if (client.clientSecret === null && !client.clientId.startsWith(agentClientIdPrefix)) return null
  const [model] = await db
    .select(columns)
    .from(deviceModels)
    .where(
      client.clientSecret === null
        ? eq(deviceModels.isOurAgent, true)
        : eq(deviceModels.clientSecretSha256, sha256Hex(client.clientSecret)),
    )
    .limit(1)
  return model ?? null
}
