import { AscMhlError } from './asc-mhl-error.ts'
import type { Generation } from './chain.ts'
import { readElements } from './read-xml.ts'

/**
 * The generations of a chain file, whoever wrote it, by their numbers.
 *
 * @throws AscMhlError `notAscMhl`, also when a number is missing or there twice, or a file lies elsewhere
 */
export async function readChain(text: string): Promise<Generation[]> {
  const generations: Generation[] = []
  let fileName = ''
  let c4 = ''
  const expected = { namespace: 'urn:ASC:MHL:DIRECTORY:v2.0', root: 'ascmhldirectory' }
  for await (const element of readElements([text], expected)) {
    const [, , leaf] = element.path
    if (leaf === 'path') fileName = element.text
    else if (leaf === 'c4') c4 = element.text.trim()
    else if (element.path.length === 2) {
      generations.push({ number: Number(element.attributes.get('sequencenr')), fileName, c4 })
      fileName = ''
      c4 = ''
    }
  }
  generations.sort((a, b) => a.number - b.number)
  for (const [index, generation] of generations.entries()) {
    if (generation.number !== index + 1)
      throw new AscMhlError('notAscMhl', `the chain has no generation ${index + 1}, or has it twice`)
    if (!/^[^/\\]+\.mhl$/.test(generation.fileName) || !/^c4[1-9A-HJ-NP-Za-km-z]{88}$/.test(generation.c4))
      throw new AscMhlError('notAscMhl', `generation ${generation.number} of the chain names no manifest with its C4`)
  }
  return generations
}
