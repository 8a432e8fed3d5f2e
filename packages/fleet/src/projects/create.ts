import { projects } from '@rushes/db'
import { recordAudit } from '../audit/record.ts'
import { wake } from '../bus/wake.ts'
import type { Acting } from '../context.ts'
import { isTimezone } from './timezone.ts'

export type CreateProjectInput = {
  name: string
  /** IANA name; UTC when absent. */
  timezone?: string
  folderBy?: 'capture' | 'upload'
}

export type CreatedProject = {
  id: string
  name: string
  timezone: string
  folderBy: 'capture' | 'upload'
  createdAt: Date
}

export type CreateProjectOutcome =
  | { kind: 'created'; project: CreatedProject }
  /** Empty, longer than 120 characters, or with control characters. */
  | { kind: 'nameInvalid' }
  | { kind: 'timezoneUnknown'; timezone: string }

/** Makes a project. Names need not be unique: the id tells projects apart, on disk as well. */
export async function createProject(context: Acting, input: CreateProjectInput): Promise<CreateProjectOutcome> {
  const name = input.name.trim()
  if (name.length < 1 || name.length > 120 || /\p{Cc}/u.test(name)) return { kind: 'nameInvalid' }
  const timezone = input.timezone ?? 'UTC'
  if (!isTimezone(timezone)) return { kind: 'timezoneUnknown', timezone }

  return context.db.transaction(async (tx) => {
    const project: CreatedProject = {
      id: crypto.randomUUID(),
      name,
      timezone,
      folderBy: input.folderBy ?? 'capture',
      createdAt: context.now,
    }
    await tx.insert(projects).values(project)
    await recordAudit(
      { ...context, db: tx },
      {
        action: 'project.create',
        target: { kind: 'project', id: project.id, name },
        projectId: project.id,
        after: { name, timezone, folderBy: project.folderBy },
      },
    )
    await wake(tx, { projectIds: [project.id] })
    return { kind: 'created', project }
  })
}
