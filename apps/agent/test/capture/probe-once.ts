import { lstatSync } from 'node:fs'
import { createWriterProbe } from '../../src/capture/open-writers.ts'

/** Says which of the named files somebody has open for writing, as far as whoever runs this may know. */
const paths = process.argv.slice(2)
const probe = createWriterProbe({ monotonicMs: () => performance.now() })
const candidates = paths.map((path) => {
  const { ino, dev } = lstatSync(path, { bigint: true })
  return { path, inode: ino, device: dev }
})
const found = await probe.probe(candidates)
console.log(JSON.stringify({ found: 'laterMs' in found ? [] : [...found], isBlind: probe.isBlind() }))
