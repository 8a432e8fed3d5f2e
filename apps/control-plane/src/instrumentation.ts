import { config, endOnWrongConfig, runsOnNode } from './config.ts'

/** Runs once as the server starts: a wrong environment ends it at once, not with the first request. */
export async function register(): Promise<void> {
  endOnWrongConfig()
  if (!runsOnNode) return
  const { nameCallers } = await import('./server/name-callers.ts')
  nameCallers(config().trustedProxies)
}
