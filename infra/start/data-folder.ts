import { randomBytes, randomUUID } from 'node:crypto'
import { chmod, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { z } from 'zod'
import { tryLock } from '../exclusive-lock.ts'
import { errnoOf, Failure } from '../failure.ts'
import { systemStateDir } from '../postgres/binaries.ts'

/** What a data folder keeps for itself and nobody else may read. */
const secretsSchema = z.object({
  /** The keys of the programs are derived from it (`RUSHES_SECRET`). */
  secret: z.string().min(32),
  postgresPassword: z.string().min(16),
  /** Names this folder's PostgreSQL where that cannot live inside (see `postgresHomeDir`). */
  id: z.uuid(),
})

type Secrets = z.infer<typeof secretsSchema>

export type DataFolder = Secrets & {
  readonly path: string
  readonly objectsDir: string
  readonly logsDir: string
  /** Where the embedded PostgreSQL lives. */
  readonly postgresHomeDir: string
  readonly localInstanceFile: string
  /** Says that the database was once made, so that a missing one is noticed and not replaced by an empty one. */
  readonly postgresMarkerFile: string
  /** Lets another start have the folder. The lock also ends with the process. */
  unlock(): void
}

const secretsName = 'secrets.json'
/** What may lie in a folder that is yet to become one of ours: a first start cut short, or a fresh volume. */
const beforeSecrets = ['instance.lock', 'instance.lock-journal', `${secretsName}.partial`, 'lost+found']

/**
 * Opens the folder that holds everything an instance keeps, made at first use with mode 0700, and locks it against a
 * second start.
 *
 * @throws Failure `dataFolderNotWritable`, `dataFolderNotOurs`, `dataFolderDamaged`, `dataFolderInUse`
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    await refuseForeignFolder(path)
    await chmod(path, 0o700)
    const unlock = await lock(path)
    try {
      return { ...(await fillFolder(path)), unlock }
    } catch (error) {
      unlock()
      throw error
    }
  } catch (cause) {
    if (!['EACCES', 'EPERM', 'EROFS', 'ENOTDIR', 'EEXIST'].includes(errnoOf(cause) ?? '')) throw cause
    throw new Failure(
      'dataFolderNotWritable',
      `the data folder ${path} cannot be written: ${cause instanceof Error ? cause.message : cause}`,
      'Choose another one with --data-dir DIR, or start as the user that owns it',
      cause,
    )
  }
}

async function fillFolder(path: string): Promise<Omit<DataFolder, 'unlock'>> {
  const secrets = await readOrMakeSecrets(path)
  const objectsDir = join(path, 'objects')
  const logsDir = join(path, 'logs')
  for (const dir of [objectsDir, logsDir]) await mkdir(dir, { recursive: true, mode: 0o700 })
  return {
    ...secrets,
    path,
    objectsDir,
    logsDir,
    // PostgreSQL does not run as root, and its own user cannot enter a 0700 folder of root's.
    postgresHomeDir: process.getuid?.() === 0 ? join(systemStateDir, secrets.id) : join(path, 'postgres'),
    localInstanceFile: join(path, 'local-instance.json'),
    postgresMarkerFile: join(path, 'postgres-created'),
  }
}

/** Removes a data folder and the PostgreSQL that belongs to it but lies elsewhere. Nothing may run on it. */
export async function removeDataFolder(path: string): Promise<void> {
  const folder = await openDataFolder(path)
  await rm(folder.postgresHomeDir, { recursive: true, force: true })
  folder.unlock()
  await rm(path, { recursive: true, force: true })
}

async function refuseForeignFolder(path: string): Promise<void> {
  const names = (await readdir(path)).filter((name) => !beforeSecrets.includes(name))
  if (names.length > 0 && !names.includes(secretsName)) {
    throw new Failure(
      'dataFolderNotOurs',
      `${path} is not empty, and is no data folder of Rushes`,
      'Name an empty folder or a new one with --data-dir DIR',
    )
  }
  const uid = process.getuid?.()
  if (names.length === 0 || uid === undefined) return
  const owner = (await stat(join(path, secretsName))).uid
  if (owner !== uid) {
    throw new Failure(
      'dataFolderNotOurs',
      `the data folder ${path} belongs to the user with number ${owner}, and this is number ${uid}`,
      'Start as that user, or choose another folder with --data-dir DIR',
    )
  }
}

async function lock(path: string): Promise<() => void> {
  const release = tryLock(join(path, 'instance.lock'))
  if (release !== undefined) return release
  const holder = await readFile(join(path, 'local-instance.json'), 'utf8').then(
    (text) => ` (${text.match(/"publicUrl": "([^"]*)"/)?.[1]}, process ${text.match(/"pid": (\d+)/)?.[1]})`,
    () => '', // it has not written its addresses yet
  )
  throw new Failure(
    'dataFolderInUse',
    `another Rushes runs on the data folder ${path}${holder}`,
    'Stop that one first, or start this one beside it with --data-dir DIR --port PORT',
  )
}

async function readOrMakeSecrets(path: string): Promise<Secrets> {
  const file = join(path, secretsName)
  try {
    return parseSecrets(file, await readFile(file, 'utf8'))
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error
  }
  const secrets: Secrets = {
    secret: randomBytes(32).toString('base64url'),
    postgresPassword: randomBytes(24).toString('base64url'),
    id: randomUUID(),
  }
  await writeDurably(file, `${JSON.stringify(secrets, null, 2)}\n`)
  return secrets
}

function parseSecrets(file: string, text: string): Secrets {
  try {
    return secretsSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new Failure(
      'dataFolderDamaged',
      `${file} is damaged: the keys of this data folder cannot be read`,
      'Put the file back from a backup. Without it the database of this folder cannot be opened',
      cause,
    )
  }
}

/** Written beside and renamed, both synced: after a power cut there is the old content or the new, never half of one. */
export async function writeDurably(file: string, text: string): Promise<void> {
  const partial = `${file}.partial`
  const handle = await open(partial, 'w', 0o600)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
  await rename(partial, file)
  const directory = await open(dirname(file), 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
