import { parseSync } from 'oxc-parser'

export type ModuleImport = {
  readonly specifier: string
  /** Gone at run time: `import type`, `export type … from`, `import('x').T`. An import of `{ type T }` is not. */
  readonly typeOnly: boolean
}

export type ModuleFacts = {
  readonly path: string
  readonly imports: readonly ModuleImport[]
  readonly directives: readonly string[]
  /** Where it reads a clock, randomness, the process or the network without importing anything: `Date.now`, `fetch` … */
  readonly ambientReads: readonly string[]
  readonly readsEnvironment: boolean
  readonly parseErrors: readonly string[]
}

type Node = { readonly type: string; readonly [key: string]: unknown }

const ambientGlobals = new Set(
  ['process', 'crypto', 'performance', 'fetch', 'console', 'globalThis', 'require', 'WebSocket', 'EventSource'].concat([
    ...[
      'setTimeout',
      'setInterval',
      'setImmediate',
      'localStorage',
      'sessionStorage',
      'navigator',
      'window',
      'document',
    ],
  ]),
)

/** What the import rules need to know of a module, from its syntax tree. */
export function scanModule(path: string, source: string): ModuleFacts {
  const { program, errors } = parseSync(path, source)
  const imports: ModuleImport[] = []
  const ambientReads = new Set<string>()
  const directives: string[] = []
  const declared = new Set<string>()
  let readsEnvironment = false

  const visit = (node: Node, parent: Node | undefined, key: string) => {
    const found = importOf(node)
    if (found !== undefined) imports.push(found)
    if (node.type === 'ExpressionStatement' && typeof node.directive === 'string') directives.push(node.directive)
    if (node.type === 'MemberExpression') {
      const name = memberName(node)
      if (name === 'Date.now' || name === 'Math.random') ambientReads.add(name)
      if (propertyName(node) === 'env' && /(^|\.)process$/.test(nameOf(node.object) ?? '')) readsEnvironment = true
    }
    if (node.type === 'NewExpression' && nameOf(node.callee) === 'Date' && lengthOf(node.arguments) === 0) {
      ambientReads.add('new Date()')
    }
    if (node.type === 'Identifier' && typeof node.name === 'string') {
      if (isBinding(parent, key)) declared.add(node.name)
      else if (ambientGlobals.has(node.name) && isReference(parent, key)) ambientReads.add(node.name)
    }
    for (const [childKey, child] of Object.entries(node)) {
      for (const one of Array.isArray(child) ? child : [child]) {
        if (isNode(one)) visit(one, node, childKey)
      }
    }
  }
  if (!isNode(program)) throw new Error(`${path} was not parsed into a tree`)
  visit(program, undefined, '')
  if (imports.some(({ specifier }) => /^(node:)?process$/.test(specifier))) readsEnvironment = true

  return {
    path,
    imports,
    directives,
    ambientReads: [...ambientReads].filter((name) => !declared.has(name)),
    readsEnvironment,
    parseErrors: errors.map((error) => error.message),
  }
}

function importOf(node: Node): ModuleImport | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
      return asImport(node.source, node.importKind === 'type')
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return asImport(node.source, node.exportKind === 'type')
    case 'ImportExpression':
      return asImport(node.source, false)
    case 'TSImportType':
      return asImport(node.source, true)
    case 'CallExpression': {
      const isRequire = nameOf(node.callee) === 'require' && Array.isArray(node.arguments)
      return isRequire ? asImport(firstOf(node.arguments), false) : undefined
    }
    default:
      return undefined
  }
}

function asImport(source: unknown, typeOnly: boolean): ModuleImport | undefined {
  return isNode(source) && typeof source.value === 'string' ? { specifier: source.value, typeOnly } : undefined
}

/** Whether an identifier in this place gives a name to something of the module's own. */
function isBinding(parent: Node | undefined, key: string): boolean {
  if (parent === undefined) return false
  if (parent.type === 'VariableDeclarator' && key === 'id') return true
  if (key === 'params' || key === 'local') return true
  return /^(FunctionDeclaration|ClassDeclaration|FunctionExpression)$/.test(parent.type) && key === 'id'
}

/** Whether an identifier in this place stands for a value, and is not the name of a property or of a type. */
function isReference(parent: Node | undefined, key: string): boolean {
  if (parent === undefined) return true
  if (key === 'property' && parent.computed === false) return false
  if (key === 'key' && parent.computed === false) return false
  return !parent.type.startsWith('TS') || parent.type === 'TSAsExpression' || parent.type === 'TSNonNullExpression'
}

function memberName(node: Node): string | undefined {
  const object = nameOf(node.object)
  const property = propertyName(node)
  return object === undefined || property === undefined ? undefined : `${object}.${property}`
}

function propertyName(node: Node): string | undefined {
  const { property } = node
  if (!isNode(property)) return undefined
  if (node.computed === true) return typeof property.value === 'string' ? property.value : undefined
  return typeof property.name === 'string' ? property.name : undefined
}

/** `a` or `a.b`, for what is written so plainly. */
function nameOf(node: unknown): string | undefined {
  if (!isNode(node)) return undefined
  if (node.type === 'MemberExpression') return memberName(node)
  return node.type === 'Identifier' && typeof node.name === 'string' ? node.name : undefined
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'

const lengthOf = (value: unknown): number => (Array.isArray(value) ? value.length : 0)

const firstOf = (value: unknown): unknown => (Array.isArray(value) ? value[0] : undefined)
