import { isTest, targetUnit, unitOf } from './locate.ts'
import type { ModuleFacts } from './scan-module.ts'
import type { Violation } from './violation.ts'

/** Cycles between units, by whatever is imported outside of tests, types too. */
export function findCycles(modules: readonly ModuleFacts[]): Violation[] {
  const edges = new Map<string, Map<string, string>>()
  for (const { path, imports } of modules) {
    const from = unitOf(path)?.[0]
    if (from === undefined || isTest(path)) continue
    for (const { specifier } of imports) {
      const to = targetUnit(path, specifier)
      if (to === undefined || to === 'escape' || to === from) continue
      const targets = edges.get(from) ?? new Map<string, string>()
      targets.set(to, path)
      edges.set(from, targets)
    }
  }
  return [...edges].flatMap(([start, targets]) =>
    [...targets].flatMap(([next, path]) =>
      reaches(edges, next, start)
        ? [{ rule: 'cycle', path, what: `${start} imports ${next}, from where a way leads back` }]
        : [],
    ),
  )
}

function reaches(edges: ReadonlyMap<string, ReadonlyMap<string, string>>, from: string, goal: string): boolean {
  const seen = new Set<string>()
  const open = [from]
  for (let unit = open.pop(); unit !== undefined; unit = open.pop()) {
    if (unit === goal) return true
    if (seen.has(unit)) continue
    seen.add(unit)
    open.push(...(edges.get(unit)?.keys() ?? []))
  }
  return false
}
