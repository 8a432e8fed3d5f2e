import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The top of the checkout. */
export const rootDir = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '')

/** The entry of one of our programs. */
export const appFile = (app: 'admin' | 'agent' | 'gateway' | 'ingest' | 'simulator') =>
  join(rootDir, 'apps', app, 'src', 'main.ts')
