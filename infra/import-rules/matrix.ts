/** Who may import whom: the only place where that is written down. A unit is a folder with a package.json. */
export type Unit = {
  readonly folder: string
  /** The units that its modules may import, by their package names. */
  readonly mayImport: readonly string[]
  /** The only packages from outside that it may import; left out: any that `forbidden` does not name. */
  readonly onlyExternal?: readonly string[]
  /** Packages from outside that it must not import: a name, or all of a scope (`@trpc/`). */
  readonly forbidden?: readonly string[]
  /** Pure: no `node:*`, no I/O, no clock, randomness or environment. */
  readonly pure?: true
}

const sql = ['drizzle-orm', 'drizzle-kit', 'pg']

export const units: Readonly<Record<string, Unit>> = {
  '@rushes/protocol': { folder: 'packages/protocol', mayImport: [], onlyExternal: ['zod'], pure: true },
  '@rushes/upload-core': {
    folder: 'packages/upload-core',
    mayImport: ['@rushes/protocol'],
    onlyExternal: [],
    pure: true,
  },
  '@rushes/command-core': {
    folder: 'packages/command-core',
    mayImport: ['@rushes/protocol'],
    onlyExternal: [],
    pure: true,
  },
  '@rushes/asc-mhl': { folder: 'packages/asc-mhl', mayImport: [], onlyExternal: ['saxes'], pure: true },
  '@rushes/mhl-folder': { folder: 'packages/mhl-folder', mayImport: ['@rushes/asc-mhl'] },
  '@rushes/db': { folder: 'packages/db', mayImport: ['@rushes/protocol'] },
  '@rushes/fleet': {
    folder: 'packages/fleet',
    mayImport: ['@rushes/db', '@rushes/upload-core', '@rushes/command-core', '@rushes/protocol', '@rushes/asc-mhl'],
    forbidden: ['@trpc/', 'next', 'ws', 'react', 'react-dom'],
  },
  '@rushes/api': { folder: 'packages/api', mayImport: ['@rushes/fleet', '@rushes/protocol'], forbidden: sql },
  '@rushes/test-kit': { folder: 'packages/test-kit', mayImport: [] },
  '@rushes/agent': {
    folder: 'apps/agent',
    mayImport: [
      ...['@rushes/upload-core', '@rushes/command-core', '@rushes/protocol'],
      ...['@rushes/asc-mhl', '@rushes/mhl-folder'],
    ],
    forbidden: sql,
  },
  '@rushes/gateway': {
    folder: 'apps/gateway',
    mayImport: ['@rushes/api', '@rushes/fleet', '@rushes/db', '@rushes/protocol'],
    forbidden: sql,
  },
  '@rushes/ingest': {
    folder: 'apps/ingest',
    mayImport: ['@rushes/fleet', '@rushes/db', '@rushes/upload-core', '@rushes/protocol'],
    forbidden: sql,
  },
  '@rushes/admin': {
    folder: 'apps/admin',
    mayImport: ['@rushes/fleet', '@rushes/db', '@rushes/asc-mhl', '@rushes/mhl-folder'],
    forbidden: sql,
  },
  '@rushes/control-plane': {
    folder: 'apps/control-plane',
    mayImport: [
      ...['@rushes/api', '@rushes/fleet', '@rushes/db'],
      ...['@rushes/upload-core', '@rushes/command-core', '@rushes/protocol', '@rushes/asc-mhl'],
    ],
    forbidden: sql,
  },
  '@rushes/simulator': {
    folder: 'apps/simulator',
    mayImport: ['@rushes/upload-core', '@rushes/command-core', '@rushes/protocol', '@rushes/test-kit'],
    forbidden: sql,
  },
  // These two start programs as processes; infra makes databases, so it speaks to PostgreSQL itself.
  '@rushes/infra': { folder: 'infra', mayImport: ['@rushes/db'] },
  '@rushes/e2e': { folder: 'e2e', mayImport: ['@rushes/infra', '@rushes/test-kit', '@rushes/protocol'] },
}

/** Units whose values must not reach the browser; `@rushes/api` may be imported there as types. */
export const serverUnits = ['@rushes/api', '@rushes/fleet', '@rushes/db', '@rushes/infra', '@rushes/test-kit']
