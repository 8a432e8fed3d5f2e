import { projects } from '@rushes/db'
import { eq } from 'drizzle-orm'
import { recordAudit } from '../audit/record.ts'
import { wake } from '../bus/wake.ts'
import type { Acting } from '../context.ts'

export type SetFolderByOutcome = { kind: 'set'; before: 'capture' | 'upload' } | { kind: 'projectUnknown' }

/** Says which day names the folder of a clip that is created from now on; those that there are stay where they are. */
export async function setFolderBy(
  context: Acting,
  input: { projectId: string; folderBy: 'capture' | 'upload'; reason?: string | null },
): Promise<SetFolderByOutcome> {
  const { folderBy } = input
  return context.db.transaction(async (tx): Promise<SetFolderByOutcome> => {
    const [project] = await tx
      .select({ name: projects.name, folderBy: projects.folderBy })
      .from(projects)
      .where(eq(projects.id, input.projectId))
      .for('no key update')
    if (project === undefined) return { kind: 'projectUnknown' }
    if (project.folderBy !== folderBy) {
      await tx.update(projects).set({ folderBy }).where(eq(projects.id, input.projectId))
      await recordAudit(
        { ...context, db: tx },
        {
          action: 'project.setFolderBy',
          target: { kind: 'project', id: input.projectId, name: project.name },
          projectId: input.projectId,
          reason: input.reason ?? null,
          before: { folderBy: project.folderBy },
          after: { folderBy },
        },
      )
      await wake(tx, { projectIds: [input.projectId] })
    }
    return { kind: 'set', before: project.folderBy }
  })
}
