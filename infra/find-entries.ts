import { glob } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { rootDir } from './start/repository.ts'

export type Entry = { readonly name: string; readonly file: string }

/** The programs in folders of this name anywhere in the tree: `e2e/bench/fleet.ts` is the bench `fleet`. */
export async function findEntries(folder: 'torture' | 'bench'): Promise<Entry[]> {
  const entries: Entry[] = []
  const patterns = [`{e2e,infra}/${folder}/*.ts`, `{apps,packages}/*/${folder}/*.ts`]
  for await (const path of glob(patterns, { cwd: rootDir, exclude: ['**/node_modules'] })) {
    if (!path.endsWith('.test.ts')) entries.push({ name: basename(path, '.ts'), file: join(rootDir, path) })
  }
  return entries.sort((one, other) => one.name.localeCompare(other.name))
}

/** Those of the given names; all when none is given; a text for the user when one is unknown. */
export function chooseEntries(entries: readonly Entry[], names: readonly string[]): Entry[] | string {
  const unknown = names.find((name) => !entries.some((entry) => entry.name === name))
  if (unknown === undefined) return entries.filter(({ name }) => names.length === 0 || names.includes(name))
  return `there is no ${unknown}; there is: ${entries.map(({ name }) => name).join(', ') || 'nothing yet'}`
}
