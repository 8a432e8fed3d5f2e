import { readFileSync } from 'node:fs'

/** What Node.js is told wherever the agent runs: a figure that was taken without it would not be the agent's. */
export const agentFlags: readonly string[] = JSON.parse(
  readFileSync(new URL('../../node-flags.json', import.meta.url), 'utf8'),
)
