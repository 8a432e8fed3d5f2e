/**
 * Kills the embedded PostgreSQL and its supervisor's guard at random moments while rows are written, starts it again on the same
 * folder, and checks that every row whose commit was acknowledged is there. `--seconds N --seed S`.
 */
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { seededRandom } from '@rushes/test-kit'
import pg from 'pg'
import { systemStateDir } from '../postgres/binaries.ts'
import { startPostgres } from '../postgres/server.ts'

const { values } = parseArgs({
  options: { seconds: { type: 'string', default: '30' }, seed: { type: 'string', default: '1' } },
})
const random = seededRandom(Number(values.seed))
const endAt = performance.now() + Number(values.seconds) * 1_000

const parentDir = process.getuid?.() === 0 ? systemStateDir : tmpdir()
await mkdir(parentDir, { recursive: true })
const homeDir = await mkdtemp(join(parentDir, 'rushes-torture-postgres-'))
const acknowledged = new Set<number>()
let next = 1
let rounds = 0
try {
  while (performance.now() < endAt) {
    const server = await startPostgres({ homeDir, password: 'torture' })
    await checkRows(server.urlOf('postgres'))
    const lifeMs = random.integer(20, 800)
    const killing = wait(lifeMs).then(async () => {
      const pid = Number((await readFile(join(homeDir, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0])
      process.kill(pid, 'SIGKILL')
    })
    await writeUntilBroken(server.urlOf('postgres'))
    await killing
    await server.stop()
    rounds += 1
  }
  console.log(`${rounds} kills, ${acknowledged.size} acknowledged rows, none lost`)
} finally {
  await rm(homeDir, { recursive: true, force: true })
}

async function checkRows(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query('create table if not exists kept (id int primary key)')
  const { rows } = await client.query<{ id: number }>('select id from kept')
  await client.end()
  const found = new Set(rows.map((row) => row.id))
  const lost = [...acknowledged].filter((id) => !found.has(id))
  if (lost.length > 0)
    throw new Error(
      `lost ${lost.length} acknowledged rows in round ${rounds}, seed ${values.seed}: ${lost.slice(0, 5)}`,
    )
}

async function writeUntilBroken(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  client.on('error', () => undefined) // the kill; the query that it hits fails below
  try {
    await client.connect()
    for (;;) {
      const id = next
      next += 1
      await client.query('insert into kept values ($1)', [id])
      acknowledged.add(id)
    }
  } catch (error) {
    if (error instanceof pg.DatabaseError && error.code === '23505') throw error
    // Otherwise the connection broke, which is what this is about. The row may or may not be there: nobody was told.
  }
}
