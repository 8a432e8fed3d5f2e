import { type FleetRow, fleetRows, type ListedProject, listProjects } from '@rushes/fleet'
import { AdminError } from './admin-error.ts'
import type { Session } from './session.ts'

/** A device by id or by its whole name. @throws AdminError `notFound` when none or several fit */
export async function findDevice(session: Session, idOrName: string): Promise<FleetRow> {
  const fitting = (await fleetRows(session)).filter((row) => row.deviceId === idOrName || row.name === idOrName)
  return theOnlyOne('device', idOrName, fitting, 'rushes-admin device list')
}

/** A project by id or by its whole name. @throws AdminError `notFound` when none or several fit */
export async function findProject(session: Session, idOrName: string): Promise<ListedProject> {
  const fitting = (await listProjects(session)).filter(
    (project) => project.id === idOrName || project.name === idOrName,
  )
  return theOnlyOne('project', idOrName, fitting, 'rushes-admin project list')
}

function theOnlyOne<T>(what: string, asked: string, fitting: readonly T[], lister: string): T {
  const [first, second] = fitting
  if (first === undefined) throw new AdminError('notFound', `there is no ${what} ${asked}`, `See the ids: ${lister}`)
  if (second !== undefined) {
    throw new AdminError('notFound', `${fitting.length} ${what}s are called ${asked}`, `Name it by its id: ${lister}`)
  }
  return first
}
