import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { AdminError } from './admin-error.ts'
import type { Config } from './config.ts'

/** What a running `npm start` leaves in its data folder. */
const localInstance = z.object({ databaseUrl: z.string(), publicUrl: z.string() })

export type Instance = { databaseUrl: string; publicUrl: string | null }

/**
 * Finds the database: the running instance of `--data-dir`, else `DATABASE_URL`, else the instance of `./data`.
 *
 * @throws AdminError `instanceNotFound`, `instanceDamaged`, `noDatabase`
 */
export async function findInstance(config: Config, dataDir: string | undefined): Promise<Instance> {
  if (dataDir !== undefined) {
    const found = await readInstance(resolve(config.workingDir, dataDir))
    if (found !== null) return { ...found, publicUrl: config.publicUrl ?? found.publicUrl }
    throw new AdminError(
      'instanceNotFound',
      `nothing runs on the data folder ${dataDir}`,
      'Start it first: npm start -- --data-dir DIR',
    )
  }
  if (config.databaseUrl !== null) return { databaseUrl: config.databaseUrl, publicUrl: config.publicUrl }
  const found = await readInstance(join(config.workingDir, 'data'))
  if (found !== null) return { ...found, publicUrl: config.publicUrl ?? found.publicUrl }
  throw new AdminError(
    'noDatabase',
    'which database is meant?',
    'Name the data folder of a running `npm start` with --data-dir DIR, or set DATABASE_URL=postgresql://user:password@host:5432/rushes',
  )
}

async function readInstance(dataDir: string): Promise<{ databaseUrl: string; publicUrl: string } | null> {
  const file = join(dataDir, 'local-instance.json')
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && (cause.code === 'ENOENT' || cause.code === 'ENOTDIR')) return null
    throw new AdminError(
      'instanceDamaged',
      `${file} cannot be read`,
      'Run this as the user that started the instance',
      cause,
    )
  }
  try {
    return localInstance.parse(JSON.parse(text))
  } catch (cause) {
    throw new AdminError(
      'instanceDamaged',
      `${file} is damaged`,
      'Stop the instance and start it again; it writes the file anew',
      cause,
    )
  }
}
