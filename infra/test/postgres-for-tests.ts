import type {} from '@rushes/db/testing'
import type { TestProject } from 'vitest/node'
import { startTemporaryPostgres } from '../postgres/temporary.ts'

/** One PostgreSQL for a whole test run: the one of DATABASE_URL, else a temporary one. Suites make databases in it. */
export default async function providePostgres(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  const url = process.env.DATABASE_URL
  if (url !== undefined && url !== '') {
    project.provide('postgresAdminUrl', url)
    return undefined
  }
  const server = await startTemporaryPostgres()
  project.provide('postgresAdminUrl', server.urlOf('postgres'))
  return () => server.stop()
}
