import { connection } from 'next/server'
import { askProgram, checkHealth } from '@/server/health.ts'
import { server } from '@/server/server.ts'

const timeoutMs = 3_000

/** Whether this instance can do its work, and which part of it cannot. */
export async function GET(): Promise<Response> {
  await connection()
  const { config, database, log } = server()
  let conditions: string[] = []
  const health = await checkHealth(
    {
      database: async () => void (await database.pool.query('select 1')),
      gateway: async (signal) => void (await askProgram(config.gatewayUrl, signal)),
      ingest: async (signal) => {
        conditions = await askProgram(config.ingestUrl, signal)
      },
    },
    timeoutMs,
    (component, error) => log.warn({ err: error, component }, 'a component is not healthy'),
  )
  // Conditions are for operators: with little room left everything still does its work.
  const body = conditions.length === 0 ? health : { ...health, conditions }
  return Response.json(body, {
    status: health.status === 'ok' ? 200 : 503,
    headers: { 'cache-control': 'no-store' },
  })
}
