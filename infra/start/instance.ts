import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Component, type ComponentSpec, startComponent } from './component.ts'
import { prepareControlPlane } from './control-plane-build.ts'
import { type DataFolder, openDataFolder, writeDurably } from './data-folder.ts'
import { type InstanceDatabase, startEmbeddedDatabase, useExternalDatabase } from './database.ts'
import { enterFirstTime } from './first-entry.ts'
import { type LogFile, openLogFile } from './log-file.ts'
import type { StartOptions } from './options.ts'
import { requireFreePort } from './ports.ts'
import { appFile, rootDir } from './repository.ts'

/** Where an instance says what it is doing; every line of the programs goes to the data folder's `logs` besides. */
export type InstanceOutput = {
  /** A step of starting or stopping. */
  step(text: string): void
  /** Something about one component that a person should know: it ended, it runs again. */
  notice(component: string, text: string): void
  line(component: string, line: string): void
}

/** What added programs, such as demo devices and what they start, have no use for and are not shown. */
const withheld = { DATABASE_URL: '', RUSHES_SECRET: '', RUSHES_ADMIN_PASSWORD: '', RUSHES_CLIENT_SECRET: '' }

/** The working directory is the instance's where it is left out, and so is the environment, but for its secrets. */
export type AddedComponent = Omit<ComponentSpec, 'env' | 'cwd'> & { env?: Record<string, string>; cwd?: string }

export type Instance = {
  readonly dataDir: string
  readonly publicUrl: string
  readonly gatewayUrl: string
  readonly ingestUrl: string
  readonly databaseUrl: string
  /** How to sign in, in lines for a person. */
  readonly entry: readonly string[]
  /** The environment that the programs were given, for another program of the same instance. */
  readonly env: Readonly<Record<string, string>>
  /** Adds a program that is stopped before everything that was there before it. */
  addComponent(spec: AddedComponent): Promise<Component>
  /** Of `control-plane`, `gateway`, `ingest` and whatever was added. */
  component(name: string): Component
  /** Stops everything in the reverse order of starting. Safe to call twice. */
  stop(): Promise<void>
  /** Ends the programs at once. Nothing is lost by it: the next start recovers as after a power cut. */
  kill(): void
}

/**
 * Starts everything that an instance consists of, apart from demo devices, and returns when it is all healthy.
 *
 * @param signal gives up while starting; what has been started is stopped again
 * @throws Failure, MigrationError; what has been started is stopped again
 */
export async function startInstance(
  options: StartOptions,
  output: InstanceOutput,
  signal: AbortSignal,
): Promise<Instance> {
  const folder = await openDataFolder(options.dataDir)
  const undo: (() => Promise<void> | void)[] = [folder.unlock]
  const components = new Map<string, Component>()
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= (async () => {
      for (const step of undo.reverse()) await step()
    })()
    return stopping
  }
  const logs = new Map<string, LogFile>()
  undo.push(() => {
    for (const log of logs.values()) log.close()
  })
  const logTo = (name: string) => {
    const log = logs.get(name) ?? openLogFile(join(folder.logsDir, `${name}.log`))
    logs.set(name, log)
    return (line: string) => {
      log.write(line)
      output.line(name, line)
    }
  }

  try {
    const hosts = { inside: '127.0.0.1', outside: options.host }
    await requireFreePort({
      name: 'control plane',
      port: options.controlPlanePort,
      host: hosts.outside,
      setBy: '--port',
    })
    await requireFreePort({
      name: 'gateway',
      port: options.gatewayPort,
      host: hosts.inside,
      setBy: 'RUSHES_GATEWAY_PORT',
    })
    await requireFreePort({
      name: 'ingest',
      port: options.ingestPort,
      host: hosts.outside,
      setBy: 'RUSHES_INGEST_PORT',
    })

    const [controlPlane, database] = await bothOrNone(
      signal,
      async (given) => {
        const prepared = await prepareControlPlane(output.step, logTo('build'), given)
        undo.push(prepared.release)
        return prepared
      },
      async () => {
        const started = await startDatabase(options, folder, output, logTo('postgres'))
        undo.push(async () => {
          output.step('stopping the database')
          await started.stop()
        })
        return started
      },
    )
    signal.throwIfAborted()

    const gatewayUrl = `http://${hosts.inside}:${options.gatewayPort}`
    const env = {
      DATABASE_URL: database.url,
      OBJECT_STORE_URL: pathToFileURL(folder.objectsDir).href,
      RUSHES_SECRET: folder.secret,
      RUSHES_PUBLIC_URL: options.publicUrl,
      RUSHES_GATEWAY_URL: gatewayUrl,
      RUSHES_INGEST_URL: options.ingestUrl,
      RUSHES_HOST: options.host,
      RUSHES_CONTROL_PLANE_PORT: String(options.controlPlanePort),
      RUSHES_GATEWAY_PORT: String(options.gatewayPort),
      RUSHES_INGEST_PORT: String(options.ingestPort),
      NODE_ENV: 'production',
      ...options.given,
    }
    // Before ingest, which would make the device models too, and the secret that is shown once would end up in its log.
    const entry = await enterFirstTime(env)
    signal.throwIfAborted()

    const start = async (spec: AddedComponent, given = signal) => {
      const component = await startComponent(
        { cwd: rootDir, ...spec, env: { ...env, ...spec.env } },
        { onLine: logTo(spec.name), onNotice: (text) => output.notice(spec.name, text) },
        given,
      )
      components.set(spec.name, component)
      undo.push(() => component.stop())
      return component
    }
    const local = (host: string) => (host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host)
    output.step('starting gateway and ingest')
    await bothOrNone(
      signal,
      (given) => {
        const env = { RUSHES_HOST: hosts.inside }
        return start({ name: 'gateway', argv: [appFile('gateway')], env, healthUrl: `${gatewayUrl}/health` }, given)
      },
      (given) => {
        const healthUrl = `http://${local(options.host)}:${options.ingestPort}/health`
        return start({ name: 'ingest', argv: [appFile('ingest')], healthUrl }, given)
      },
    )
    output.step('starting the control plane')
    await start({
      name: 'control-plane',
      ...controlPlane.launch(options.host, options.controlPlanePort),
      healthUrl: `http://${local(options.host)}:${options.controlPlanePort}/api/health`,
    })
    await recordInstance(folder, options, gatewayUrl, database.url)
    undo.push(() => rm(folder.localInstanceFile, { force: true }))

    return {
      dataDir: folder.path,
      publicUrl: options.publicUrl,
      gatewayUrl,
      ingestUrl: options.ingestUrl,
      databaseUrl: database.url,
      entry,
      env,
      addComponent: (spec) => start({ ...spec, env: { ...withheld, ...spec.env } }),
      component: (name) => {
        const component = components.get(name)
        if (component === undefined) throw new RangeError(`there is no component named ${name}`)
        return component
      },
      stop,
      kill: () => {
        for (const component of components.values()) component.kill()
      },
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function startDatabase(
  options: StartOptions,
  folder: DataFolder,
  output: InstanceOutput,
  onLine: (line: string) => void,
): Promise<InstanceDatabase> {
  if (options.databaseUrl !== undefined) return useExternalDatabase(options.databaseUrl)
  return startEmbeddedDatabase(folder, (text) => output.notice('postgres', text), onLine)
}

/**
 * Starts two things side by side and waits for both, also when one of them has failed: only then is it known what has to
 * be stopped again. The failure of one tells the other, by its signal, to give up.
 */
async function bothOrNone<A, B>(
  signal: AbortSignal,
  startFirst: (signal: AbortSignal) => Promise<A>,
  startSecond: (signal: AbortSignal) => Promise<B>,
): Promise<[A, B]> {
  const failed = new AbortController()
  const given = AbortSignal.any([signal, failed.signal])
  const first = startFirst(given)
  const second = startSecond(given)
  for (const one of [first, second]) one.catch((error) => failed.abort(error))
  await Promise.allSettled([first, second])
  signal.throwIfAborted()
  failed.signal.throwIfAborted()
  return Promise.all([first, second])
}

/** Lets `rushes-admin --data-dir` and others find what runs on this data folder. */
async function recordInstance(
  folder: DataFolder,
  options: StartOptions,
  gatewayUrl: string,
  databaseUrl: string,
): Promise<void> {
  const record = {
    pid: process.pid,
    startedAt: new Date().toISOString(),
    publicUrl: options.publicUrl,
    gatewayUrl,
    ingestUrl: options.ingestUrl,
    databaseUrl,
  }
  await writeDurably(folder.localInstanceFile, `${JSON.stringify(record, null, 2)}\n`)
}
