import { safeName } from './safe-name.ts'

/** The folder of a project: its name for people, the beginning of its id so that two of one name stay apart. */
export const projectFolder = (project: { id: string; name: string }): string =>
  `${safeName(project.name)}-${project.id.slice(0, 8)}`
