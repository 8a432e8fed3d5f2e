import { commands, type Database } from '@rushes/db'
import { and, desc, eq, lt, or } from 'drizzle-orm'
import { type CommandRow, withRollUps } from './get.ts'

export type CommandCursor = { createdAt: string; commandId: string }

/** Commands, the newest first, each with where it stands over its devices. */
export async function listCommands(
  { db }: { db: Database },
  input: { after: CommandCursor | null; limit: number },
): Promise<{ rows: CommandRow[]; next: CommandCursor | null }> {
  const { after, limit } = input
  const at = after === null ? null : new Date(after.createdAt)
  const found = await db
    .select()
    .from(commands)
    .where(
      after === null || at === null
        ? undefined
        : or(lt(commands.createdAt, at), and(eq(commands.createdAt, at), lt(commands.id, after.commandId))),
    )
    .orderBy(desc(commands.createdAt), desc(commands.id))
    .limit(limit + 1)
  const rows = await withRollUps(db, found.slice(0, limit))
  const last = rows.at(-1)
  const hasMore = found.length > limit && last !== undefined
  return { rows, next: hasMore ? { createdAt: last.createdAt, commandId: last.commandId } : null }
}
