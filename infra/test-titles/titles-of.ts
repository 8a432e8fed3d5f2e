import { parseSync } from 'oxc-parser'

/** The title of a test as it is written, with placeholders where it is made of a table, and the texts of that table. */
export type TestTitle = { title: string; cells: readonly string[] }

type Node = { readonly type: string; readonly [key: string]: unknown }
type Called = { names: readonly string[]; tables: readonly Node[] }

const skipping = ['skip', 'todo']

/** The titles of the tests of a module, but not of those that never run: `test.skip`, `test.todo`, and all within a `describe.skip`. */
export function titlesOf(path: string, source: string): TestTitle[] {
  const { program } = parseSync(path, source)
  const constants = new Map<string, Node>()
  const titles: TestTitle[] = []
  const visit = (node: Node): void => {
    const { id, init } = node
    if (node.type === 'VariableDeclarator' && isNode(id) && isNode(init)) constants.set(String(id.name), init)
    const called = node.type === 'CallExpression' && isNode(node.callee) ? calledBy(node.callee) : null
    if (called !== null && skipping.some((name) => called.names.includes(name))) return
    const [root = ''] = called?.names ?? []
    const title = ['test', 'it'].includes(root) ? textOf(childrenOf(node.arguments)[0]) : null
    if (called !== null && title !== null)
      titles.push({ title, cells: called.tables.flatMap((table) => textsIn(table, constants)) })
    for (const child of Object.values(node).flatMap(childrenOf)) visit(child)
  }
  if (isNode(program)) visit(program)
  return titles
}

/** Whether a text, placeholders filled in from the table or left as they are, is the beginning of a title. */
export function begins(text: string, { title, cells }: TestTitle): boolean {
  if (text === '') return false
  const begun = (rest: string, [segment = '', ...segments]: readonly string[]): boolean => {
    if (segment.startsWith(rest)) return true
    if (!rest.startsWith(segment)) return false
    const [placeholder, ...behind] = segments
    if (placeholder === undefined) return false
    const after = rest.slice(segment.length)
    const fillings = [placeholder, ...(/^%[dif]$/.test(placeholder) ? (/^-?\d+/.exec(after) ?? []) : cells)]
    return fillings.some(
      (filling) => filling !== '' && after.startsWith(filling) && begun(after.slice(filling.length), behind),
    )
  }
  return begun(text, title.split(/(%[sdifjo]|\$[\w.]+)/))
}

/** `test.skipIf(…).for(table)` is called by these names, with this table; null for what is no chain of names. */
function calledBy(callee: Node): Called | null {
  if (callee.type === 'Identifier') return { names: [String(callee.name)], tables: [] }
  const { object, property } = callee
  if (callee.type === 'MemberExpression' && isNode(object) && isNode(property)) {
    const before = calledBy(object)
    return before === null ? null : { ...before, names: [...before.names, String(property.name)] }
  }
  if (callee.type !== 'CallExpression' || !isNode(callee.callee)) return null
  const before = calledBy(callee.callee)
  const isTable = before !== null && ['for', 'each'].includes(before.names.at(-1) ?? '')
  return isTable ? { ...before, tables: [...before.tables, ...childrenOf(callee.arguments)] } : before
}

/** The text of a literal; of a template what is put into it stays open. */
function textOf(node: Node | undefined): string | null {
  if (node?.type === 'Literal' && typeof node.value === 'string') return node.value
  if (node?.type !== 'TemplateLiteral') return null
  return childrenOf(node.quasis)
    .map(({ value }) => (isRecord(value) ? String(value.cooked) : ''))
    .join('%s')
}

/** All texts of a table, also where it is a constant of the module, or is made of one. */
function textsIn(node: Node, constants: ReadonlyMap<string, Node>, seen: ReadonlySet<Node> = new Set()): string[] {
  if (seen.has(node)) return []
  const named = node.type === 'Identifier' ? constants.get(String(node.name)) : undefined
  const within = named === undefined ? Object.values(node).flatMap(childrenOf) : [named]
  const keys =
    node.type === 'Property' && isNode(node.key) && node.key.type === 'Identifier' ? [String(node.key.name)] : []
  return [
    textOf(node) ?? '',
    ...keys,
    ...within.flatMap((one) => textsIn(one, constants, new Set([...seen, node]))),
  ].filter((text) => text !== '')
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null
const isNode = (value: unknown): value is Node => isRecord(value) && typeof value.type === 'string'
const childrenOf = (value: unknown): Node[] => (Array.isArray(value) ? value : [value]).filter(isNode)
