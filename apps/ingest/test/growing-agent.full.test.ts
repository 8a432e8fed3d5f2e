import { type FileHandle, open, readFile, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { renameClip } from '@rushes/fleet'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { ana } from './support/pair.ts'
import { type ProcessIngest, prepareProcessIngest } from './support/process-ingest.ts'
import { type Listed, startAgent } from './support/start-agent.ts'
import { until } from './support/until.ts'

const mebibyte = 1_048_576

/** Writes 26 MB a piece at a time, as a recorder does, and waits until some of it has arrived. */
async function recordInto(file: FileHandle, list: () => Promise<Listed[]>): Promise<void> {
  const block = Buffer.alloc(mebibyte)
  for (let megabyte = 0; megabyte < 26; megabyte++) {
    block.fill(megabyte + 1)
    await file.write(block)
    await delay(40)
  }
  await until(
    'a part arrives while it grows',
    async () => (await list()).some(({ partsDone }) => partsDone > 0),
    60_000,
  )
}

const clipsOf = async ({ database }: ProcessIngest) =>
  (
    await database.pool.query('select id, name, state, custody, version_of_id from assets order by created_at')
  ).rows.map((row) => clipRow.parse(row))
const clipRow = z.object({
  ...{ id: z.string(), name: z.string(), state: z.string(), custody: z.string(), version_of_id: z.string().nullable() },
})

test.for([
  ['the name that its recorder gives it', null, 'Scene 4 Take 2.mov'],
  ['the name that an operator has given it meanwhile', 'interview.mov', 'interview.mov'],
] as const)('a clip that grows under a temporary name ends with %s', async ([, operatorName, expected]) => {
  const ingest = await prepareProcessIngest()
  onTestFinished(() => ingest.dispose())
  await ingest.start()
  const { card, list } = await startAgent(ingest)
  const file = await open(join(card, 'A001.mov.part'), 'w+')
  await recordInto(file, list)
  const [growing] = await clipsOf(ingest)
  expect(growing).toMatchObject({ name: '[new file].mov', state: 'created' })
  if (operatorName !== null) {
    const acting = { db: ingest.database.db, now: new Date(), actor: ana }
    await renameClip(acting, { assetId: growing?.id ?? '', name: operatorName })
  }
  await file.close()
  const path = join(card, 'Scene 4 Take 2.mov')
  await rename(join(card, 'A001.mov.part'), path)
  await until('it is verified', async () => (await list()).every(({ state }) => state === 'verified'), 120_000)
  expect(await ingest.stored.names()).toEqual([expected])
  expect((await ingest.stored.read(expected)).equals(await readFile(path))).toBe(true)
})

test('a clip that was rewritten where nobody expects it goes up again as a newer version, and the first is never verified', async () => {
  const ingest = await prepareProcessIngest()
  onTestFinished(() => ingest.dispose())
  await ingest.start()
  const { card, list } = await startAgent(ingest)
  const path = join(card, 'A001.mov')
  const file = await open(path, 'w+')
  await recordInto(file, list)
  // Neither the beginning nor the last 64 MiB of so long a file.
  await file.truncate(90 * mebibyte)
  await file.write(Buffer.from('rewritten'), 0, 9, 7 * mebibyte)
  await file.close()
  await until('it is verified', async () => (await list()).every(({ state }) => state === 'verified'), 120_000)
  const [first, second, ...more] = await clipsOf(ingest)
  expect(more).toEqual([])
  expect(first?.version_of_id).toBeNull()
  expect(first?.custody).not.toBe('verified')
  expect(second).toMatchObject({ custody: 'verified', version_of_id: first?.id })
})

test.for([
  ['A001.mov', 20],
  ['A002.mkv', 12 * mebibyte],
] as const)(
  'our agent sends %s while it grows, its recorder rewrites byte %i at the end, and what is verified is the file',
  async ([name, rewrittenAt]) => {
    const ingest = await prepareProcessIngest()
    onTestFinished(() => ingest.dispose())
    await ingest.start()
    const { card, list } = await startAgent(ingest)
    const path = join(card, name)
    const file = await open(path, 'w+')
    await recordInto(file, list)
    await file.write(Buffer.from('rewritten'), 0, 9, rewrittenAt)
    await file.close()
    await until('it is verified', async () => (await list()).every(({ state }) => state === 'verified'), 120_000)
    expect(await ingest.stored.names()).toEqual([name])
    expect((await ingest.stored.read(name)).equals(await readFile(path))).toBe(true)
  },
)
