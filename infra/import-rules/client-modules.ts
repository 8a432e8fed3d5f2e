import { posix } from 'node:path'
import { isTest, targetUnit } from './locate.ts'
import { serverUnits } from './matrix.ts'
import type { ModuleFacts } from './scan-module.ts'
import type { Violation } from './violation.ts'

const clientApp = 'apps/control-plane/'

/**
 * What goes to the browser is what a module marked "use client" imports as values, and so on from there; it must not
 * import server code as values. A module marked "use server" is called over the network and ends the search.
 */
export function checkClientModules(modules: readonly ModuleFacts[]): Violation[] {
  const byPath = new Map(modules.filter(({ path }) => path.startsWith(clientApp)).map((facts) => [facts.path, facts]))
  const open = [...byPath.values()].filter(({ path, directives }) => directives.includes('use client') && !isTest(path))
  const seen = new Set<ModuleFacts>()
  const violations: Violation[] = []
  for (let facts = open.pop(); facts !== undefined; facts = open.pop()) {
    if (seen.has(facts) || facts.directives.includes('use server')) continue
    seen.add(facts)
    for (const { specifier, typeOnly } of facts.imports) {
      if (typeOnly) continue
      const target = targetUnit(facts.path, specifier)
      if (specifier.startsWith('node:') || (target !== undefined && serverUnits.includes(target))) {
        violations.push({
          rule: 'client',
          path: facts.path,
          what: `goes to the browser and imports ${specifier} as a value`,
        })
      }
      const next = ownModule(byPath, facts.path, specifier)
      if (next !== undefined) open.push(next)
    }
  }
  return violations
}

function ownModule(byPath: ReadonlyMap<string, ModuleFacts>, path: string, specifier: string): ModuleFacts | undefined {
  const base = specifier.startsWith('@/')
    ? `${clientApp}src/${specifier.slice(2)}`
    : specifier.startsWith('.')
      ? posix.normalize(posix.join(posix.dirname(path), specifier))
      : undefined
  if (base === undefined) return undefined
  const candidates = [base, `${base}.ts`, `${base}.tsx`, `${base}/index.ts`, `${base}/index.tsx`]
  return candidates.map((candidate) => byPath.get(candidate)).find((facts) => facts !== undefined)
}
