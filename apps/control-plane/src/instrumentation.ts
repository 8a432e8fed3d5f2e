import { endOnWrongConfig } from './config.ts'

/** Runs once as the server starts: a wrong environment ends it at once, not with the first request. */
export function register(): void {
  endOnWrongConfig()
}
