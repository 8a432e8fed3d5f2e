import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { freePort } from '@rushes/infra/start/ports'
import { appFile } from '@rushes/infra/start/repository'
import { runAdmin } from '@rushes/infra/start/run-admin'
import { type HttpFaultProxy, startHttpFaultProxy } from '@rushes/test-kit'
import { until } from './until.ts'
import type { World } from './world.ts'

/** Somebody else's C2C server: an ingest with a database, a store and a secret of its own, and no control plane that we know. */
export type ForeignIngest = {
  /** Devices reach it through here, so a spec sees what they say to it. */
  uplink: HttpFaultProxy
  clientSecret: string
  objectsDir: string
  admin(...args: string[]): Promise<unknown>
  stop(): Promise<void>
}

export async function startForeignIngest(world: World): Promise<ForeignIngest> {
  const port = await freePort()
  const uplink = await startHttpFaultProxy({ upstream: `http://127.0.0.1:${port}` })
  const objectsDir = join(world.dir, 'foreign-objects')
  await mkdir(objectsDir)
  const databaseUrl = new URL(world.instance.databaseUrl)
  databaseUrl.pathname = '/elsewhere'
  await world.query('create database elsewhere')
  const clientSecret = 'a secret of the foreign server'
  const env = {
    DATABASE_URL: databaseUrl.href,
    OBJECT_STORE_URL: pathToFileURL(objectsDir).href,
    RUSHES_SECRET: 'another secret of thirty-two bytes or more',
    RUSHES_PUBLIC_URL: 'http://localhost:9',
    RUSHES_GATEWAY_URL: 'http://localhost:9',
    RUSHES_INGEST_URL: uplink.url,
    RUSHES_INGEST_PORT: String(port),
    RUSHES_HOST: '127.0.0.1',
    RUSHES_CLIENT_SECRET: clientSecret,
  }
  const admin = (...args: string[]) => runAdmin(env, args)
  await admin('migrate')
  await admin('first-start')
  const child = spawn(process.execPath, [appFile('ingest')], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let log = ''
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (log = (log + chunk).slice(-20_000)))
  await until('the foreign ingest answers', async () => {
    if (child.exitCode !== null) throw new Error(`the foreign ingest ended with ${child.exitCode}: ${log}`)
    return (await fetch(`http://127.0.0.1:${port}/health`).catch(() => null))?.ok
  })
  return {
    uplink,
    clientSecret,
    objectsDir,
    admin,
    stop: async () => {
      child.kill('SIGTERM')
      if (child.exitCode === null) await once(child, 'close')
      await uplink.close()
    },
  }
}
