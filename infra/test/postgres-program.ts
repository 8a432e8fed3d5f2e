/**
 * A PostgreSQL of its own in a folder, for tests that stop it and start it again: `postgres-program.ts DIR`. Says its address
 * in one line once it answers; ends in order by SIGTERM.
 */
import { startPostgres } from '../postgres/server.ts'

const [homeDir] = process.argv.slice(2)
if (homeDir === undefined) {
  console.error('usage: postgres-program.ts DIR')
  process.exit(2)
}
const server = await startPostgres({ homeDir, password: 'restarted' })
process.once('SIGTERM', () => void server.stop())
console.log(server.urlOf('postgres'))
await server.ended
