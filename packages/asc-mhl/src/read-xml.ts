import { SaxesParser, type SaxesTagNS } from 'saxes'
import { AscMhlError } from './asc-mhl-error.ts'

/** An element that was read to its end: the names above it and its own, its attributes, its text without that of its children. */
export type ReadElement = { path: readonly string[]; attributes: ReadonlyMap<string, string>; text: string }

/**
 * Reads a document piece by piece and gives every element of a namespace at its end, in order. Entities other than XML's five
 * are errors, as is a document type: nothing outside of the document is ever read.
 *
 * @throws AscMhlError `notAscMhl` when it is not well-formed, or its root is another element
 */
export async function* readElements(
  pieces: AsyncIterable<string> | Iterable<string>,
  expected: { namespace: string; root: string },
): AsyncGenerator<ReadElement> {
  const parser = new SaxesParser<{ xmlns: true }>({ xmlns: true })
  const open: { tag: SaxesTagNS; text: string }[] = []
  let ended: ReadElement[] = []
  parser.on('error', (error) => {
    throw new AscMhlError('notAscMhl', 'this is not well-formed XML', error)
  })
  parser.on('doctype', () => {
    throw new AscMhlError('notAscMhl', 'a manifest has no document type')
  })
  parser.on('opentag', (tag) => {
    if (open.length === 0 && (tag.local !== expected.root || tag.uri !== expected.namespace))
      throw new AscMhlError('notAscMhl', `the root is no <${expected.root}> of ${expected.namespace}`)
    open.push({ tag, text: '' })
  })
  const onText = (text: string) => {
    const innermost = open.at(-1)
    if (innermost !== undefined) innermost.text += text
  }
  parser.on('text', onText)
  parser.on('cdata', onText)
  parser.on('closetag', () => {
    const path = open.map(({ tag }) => tag.local)
    const element = open.pop()
    if (element === undefined || element.tag.uri !== expected.namespace) return
    const attributes = new Map(Object.values(element.tag.attributes).map(({ local, value }) => [local, value]))
    ended.push({ path, attributes, text: element.text })
  })
  for await (const piece of pieces) {
    parser.write(piece)
    const given = ended
    ended = []
    yield* given
  }
  parser.close()
  yield* ended
}
