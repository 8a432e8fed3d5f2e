import { checkClientModules } from './client-modules.ts'
import { findCycles } from './cycles.ts'
import { isTest, targetUnit, unitOf } from './locate.ts'
import type { Unit } from './matrix.ts'
import { type ModuleFacts, scanModule } from './scan-module.ts'
import type { Violation } from './violation.ts'

export type SourceFile = { readonly path: string; readonly source: string }

/** Checks every module against the import rules; paths are relative to the top of the repository. */
export function checkImportRules(files: readonly SourceFile[]): Violation[] {
  const modules = files.map(({ path, source }) => scanModule(path, source))
  return [...modules.flatMap(checkModule), ...checkClientModules(modules), ...findCycles(modules)]
}

function checkModule(facts: ModuleFacts): Violation[] {
  const violations: Violation[] = []
  const report = (rule: string, what: string) => violations.push({ rule, path: facts.path, what })
  for (const error of facts.parseErrors) report('parses', error)

  const owner = unitOf(facts.path)
  if (owner === undefined) {
    if (!isRootFile(facts.path)) report('matrix', 'lies in no folder that the matrix of import rules names')
    return violations
  }
  const [unitName, unit] = owner
  const inTest = isTest(facts.path)
  for (const { specifier } of facts.imports) {
    const target = targetUnit(facts.path, specifier)
    if (target === 'escape') report('matrix', `reaches out of ${unit.folder} by ${specifier}`)
    else if (target !== undefined && target !== unitName) {
      const allowed = unit.mayImport.includes(target) || (inTest && mayImportInTest(unit, target))
      if (!allowed) report('matrix', `imports ${target}, which ${unitName} may not`)
      else if (specifier === '@rushes/db/testing' && !inTest) {
        report('matrix', 'imports @rushes/db/testing outside of a test')
      }
    } else if (target === undefined && isExternal(specifier) && !inTest) checkExternal(unit, specifier, report)
  }
  if (unit.pure && !inTest) for (const name of facts.ambientReads) report('pure', `uses ${name}`)
  if (facts.readsEnvironment && !mayReadEnvironment(facts.path, unitName)) {
    report('environment', 'reads process.env, which only the config.ts of an app may')
  }
  return violations
}

function checkExternal(unit: Unit, specifier: string, report: (rule: string, what: string) => void): void {
  const name = packageOf(specifier)
  if (unit.pure && name.startsWith('node:')) report('pure', `imports ${specifier}`)
  else if (unit.onlyExternal !== undefined && !unit.onlyExternal.includes(name)) report('pure', `imports ${specifier}`)
  const isForbidden = unit.forbidden?.some((one) => (one.endsWith('/') ? name.startsWith(one) : name === one))
  if (isForbidden) report('forbidden', `imports ${specifier}`)
}

/** Tests may use the test kit; those over the database make one of their own; those of api and apps fill it through fleet. */
function mayImportInTest(unit: Unit, target: string): boolean {
  if (target === '@rushes/test-kit') return true
  return target === '@rushes/db' && unit.mayImport.includes('@rushes/fleet')
}

/** `@/…` is the control plane's own `src`. */
const isExternal = (specifier: string) => !specifier.startsWith('.') && !specifier.startsWith('@/')

function packageOf(specifier: string): string {
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier)
}

const isRootFile = (path: string) => !path.includes('/')

function mayReadEnvironment(path: string, unitName: string): boolean {
  if (unitName === '@rushes/infra' || unitName === '@rushes/e2e' || isTest(path)) return true
  // Next reads its own configuration before any of our modules; the launchers in bin run on any Node.
  return /^apps\/[^/]+\/(src\/config\.ts|next\.config\.[a-z]+|bin\/[^/]+)$/.test(path)
}
