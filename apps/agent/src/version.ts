import manifest from '../package.json' with { type: 'json' }

/** The agent's version: what `x-client-version` carries on every call. */
export const agentVersion: string = manifest.version
