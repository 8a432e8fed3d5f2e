import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeDataFolder } from '@rushes/infra/start/data-folder'
import { type Instance, startInstance } from '@rushes/infra/start/instance'
import { readStartOptions } from '@rushes/infra/start/options'
import { runAdmin } from '@rushes/infra/start/run-admin'
import { type HttpFaultProxy, startHttpFaultProxy } from '@rushes/test-kit'
import pg from 'pg'

/** A whole installation for one spec file: what `npm start` starts, on free ports, with a folder of its own. */
export type World = {
  instance: Instance
  dir: string
  /** Stands before ingest: devices upload through it, so a spec sees, holds and breaks each of their requests. */
  uplink: HttpFaultProxy
  /** `rushes-admin … --json` on this installation. */
  admin(...args: string[]): Promise<unknown>
  /** Asks the database what is really there. */
  query(sql: string, values?: unknown[]): Promise<Record<string, unknown>[]>
  createProject(name: string): Promise<{ id: string; name: string }>
  stop(): Promise<void>
}

export async function startWorld(): Promise<World> {
  const dir = await mkdtemp(join(tmpdir(), 'rushes-e2e-'))
  const options = await readStartOptions(['--no-demo', '--port', '0', '--data-dir', join(dir, 'data')], {}, dir)
  if (options === 'help') throw new Error('no help was asked for')
  const uplink = await startHttpFaultProxy({ upstream: options.ingestUrl.replace('localhost', '127.0.0.1') })
  const lines: string[] = []
  const output = {
    step: (text: string) => void lines.push(text),
    notice: (component: string, text: string) => void lines.push(`${component}: ${text}`),
    line: (component: string, text: string) => {
      if (lines.push(`${component}: ${text}`) > 2_000) lines.shift()
    },
  }
  const instance = await startInstance(
    { ...options, ingestUrl: uplink.url },
    output,
    new AbortController().signal,
  ).catch(async (error: unknown) => {
    process.stderr.write(`${lines.join('\n')}\n`)
    await uplink.close()
    throw error
  })
  const admin = (...args: string[]) => runAdmin(instance.env, args)
  return {
    instance,
    dir,
    uplink,
    admin,
    query: async (sql, values) => {
      const client = new pg.Client({ connectionString: instance.databaseUrl })
      await client.connect()
      try {
        return (await client.query(sql, values)).rows
      } finally {
        await client.end()
      }
    },
    createProject: async (name) => {
      const made = await admin('project', 'create', name)
      if (typeof made !== 'object' || made === null || !('id' in made) || typeof made.id !== 'string')
        throw new Error('project create printed no id')
      return { id: made.id, name }
    },
    stop: async () => {
      uplink.heal()
      await instance.stop()
      await uplink.close()
      await removeDataFolder(join(dir, 'data'))
      await rm(dir, { recursive: true, force: true })
    },
  }
}
