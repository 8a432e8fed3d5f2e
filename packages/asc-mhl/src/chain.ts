import { escapeXml } from './xml-text.ts'

/** A manifest of a folder's history, as its chain file has it. */
export type Generation = {
  /** From 1, without gaps. */
  number: number
  /** The name of its file, beside the chain file. */
  fileName: string
  /** The C4 identifier of that file's bytes. */
  c4: string
}

/** The folder that holds a history, in the folder that the history is of. */
export const historyFolder = 'ascmhl'
export const chainFileName = 'ascmhl_chain.xml'

/** The XML of the chain file: every generation with the digest of its manifest, so that none can be changed unnoticed. */
export function writeChain(generations: readonly Generation[]): string {
  const lists = generations
    .map(
      ({ number, fileName, c4 }) =>
        `  <hashlist sequencenr="${number}">\n    <path>${escapeXml(fileName)}</path>\n    <c4>${escapeXml(c4)}</c4>\n  </hashlist>\n`,
    )
    .join('')
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ascmhldirectory xmlns="urn:ASC:MHL:DIRECTORY:v2.0">\n${lists}</ascmhldirectory>\n`
}
