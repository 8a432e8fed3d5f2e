import { MigrationError, migrate } from '@rushes/db'
import type { Command } from 'commander'
import { AdminError } from '../admin-error.ts'
import { readConfig } from '../config.ts'
import { findInstance } from '../find-instance.ts'
import { print } from '../output.ts'
import type { GlobalOptions } from '../program.ts'

export function addMigrateCommand(program: Command, globals: () => GlobalOptions): void {
  program
    .command('migrate')
    .description('Bring the database to the schema of this version')
    .action(async () => {
      const { json, dataDir } = globals()
      const { databaseUrl } = await findInstance(readConfig(), dataDir)
      try {
        const { applied } = await migrate(databaseUrl)
        print(
          json,
          { applied },
          applied.length === 0 ? ['the database is current'] : applied.map((name) => `applied ${name}`),
        )
      } catch (cause) {
        if (cause instanceof MigrationError) throw new AdminError('refused', cause.message, cause.hint, cause)
        throw cause
      }
    })
}
