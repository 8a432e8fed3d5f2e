import { posix } from 'node:path'
import { type Unit, units } from './matrix.ts'

/** The unit that a module lies in, by its path from the top of the repository. */
export function unitOf(path: string): [string, Unit] | undefined {
  return Object.entries(units).find(([, unit]) => path.startsWith(`${unit.folder}/`))
}

/** The unit that a specifier leads to; undefined for packages from outside; 'escape' for a relative way out of the folder. */
export function targetUnit(path: string, specifier: string): string | 'escape' | undefined {
  if (specifier.startsWith('@rushes/')) return specifier.split('/').slice(0, 2).join('/')
  if (!specifier.startsWith('.')) return undefined
  const from = unitOf(path)
  const to = unitOf(posix.normalize(posix.join(posix.dirname(path), specifier)))
  return to?.[0] === from?.[0] ? from?.[0] : 'escape'
}

/** Tests, long random ones and benchmarks are outside of what runs in production. */
export const isTest = (path: string) =>
  /\/(test|testing|torture|bench)\/|\.test\.tsx?$/.test(path) || /^infra\/(torture|bench)\.ts$/.test(path)
