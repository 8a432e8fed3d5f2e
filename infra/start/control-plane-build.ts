import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cp, mkdir, readdir, readFile, rename, rm, stat, utimes } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { waitForLock } from '../exclusive-lock.ts'
import { errnoOf, Failure } from '../failure.ts'
import { rootDir } from './repository.ts'

export type ControlPlaneBuild = {
  /** How to run it: what Node runs, where, and with what of an environment. */
  launch(host: string, port: number): { argv: string[]; cwd: string; env: Record<string, string> }
  /** Lets other starts know that this build is in use, so that they do not remove it. */
  release(): void
}

const appDir = join(rootDir, 'apps', 'control-plane')
/** Builds are kept by what they were made of, so that building anew never changes files under a running one. */
const buildsDir = join(rootDir, '.rushes', 'control-plane')
const keptBuildCount = 3
const signOfLifeMs = 60_000

/**
 * Sees to it that there is a build of the control plane as its sources are now: `next build` with `output: 'standalone'`
 * when there is none.
 *
 * @throws Failure `buildFailed`
 */
export async function prepareControlPlane(
  step: (text: string) => void,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<ControlPlaneBuild> {
  await mkdir(buildsDir, { recursive: true })
  const buildDir = join(buildsDir, await digestOfInputs())
  if (!(await exists(buildDir))) {
    const release = await waitForLock(
      join(buildsDir, 'build.lock'),
      () => step('waiting for another build of the control plane'),
      signal,
    )
    try {
      if (!(await exists(buildDir))) await build(buildDir, step, onLine, signal)
    } finally {
      release()
    }
  }
  await touch(buildDir)
  await removeOldBuilds()
  const signsOfLife = setInterval(() => void touch(buildDir), signOfLifeMs).unref()
  const cwd = join(buildDir, relative(rootDir, appDir))
  return {
    launch: (host, port) => ({
      argv: [join(cwd, 'server.js')],
      cwd,
      env: { HOSTNAME: host, PORT: String(port), NEXT_TELEMETRY_DISABLED: '1' },
    }),
    release: () => clearInterval(signsOfLife),
  }
}

async function build(
  buildDir: string,
  step: (text: string) => void,
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  step('building the control plane')
  const startedAt = performance.now()
  await runNextBuild(onLine, signal)
  const nextDir = join(appDir, '.next')
  const partial = `${buildDir}.partial`
  await rm(partial, { recursive: true, force: true })
  await cp(join(nextDir, 'standalone'), partial, { recursive: true, verbatimSymlinks: true })
  // The standalone tree leaves these out, for a CDN to serve; here nobody else does.
  const target = join(partial, relative(rootDir, appDir))
  await cp(join(nextDir, 'static'), join(target, '.next', 'static'), { recursive: true })
  if (await exists(join(appDir, 'public')))
    await cp(join(appDir, 'public'), join(target, 'public'), { recursive: true })
  await rename(partial, buildDir)
  step(`built the control plane in ${((performance.now() - startedAt) / 1000).toFixed(0)} s`)
}

async function runNextBuild(onLine: (line: string) => void, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const next = createRequire(join(appDir, 'package.json')).resolve('next/dist/bin/next')
  const child = spawn(process.execPath, [next, 'build'], {
    cwd: appDir,
    env: { ...process.env, NODE_ENV: 'production', NEXT_TELEMETRY_DISABLED: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
  })
  const lastLines: string[] = []
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      if (lastLines.push(line) > 40) lastLines.shift()
      onLine(line)
    })
  }
  const code = await new Promise<number | null>((resolve, reject) => child.on('error', reject).on('close', resolve))
  if (code !== 0) {
    throw new Failure(
      'buildFailed',
      'the control plane could not be built',
      `Its last words:\n  ${lastLines.join('\n  ')}`,
    )
  }
}

/** Of every file that can make a difference, and of the Node that builds. */
async function digestOfInputs(): Promise<string> {
  const inputs = [
    ...(await filesBelow(appDir)),
    ...(await Promise.all(packageNames.map((name) => filesBelow(join(rootDir, 'packages', name))))).flat(),
    join(rootDir, 'pnpm-lock.yaml'),
    join(rootDir, 'tsconfig.base.json'),
  ].sort()
  const digest = createHash('sha256').update(`${process.version} ${process.platform} ${process.arch}\n`)
  for (const file of inputs) {
    const content = createHash('sha256').update(await readFile(file))
    digest.update(`${relative(rootDir, file)} ${content.digest('hex')}\n`)
  }
  return digest.digest('hex').slice(0, 16)
}

const packageNames = ['api', 'asc-mhl', 'command-core', 'db', 'fleet', 'protocol', 'upload-core']

async function filesBelow(directory: string): Promise<string[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter(
      (path) => !/\/(node_modules|\.next|test)\/|\.tsbuildinfo$|next-env\.d\.ts$/.test(path.slice(directory.length)),
    )
}

async function touch(buildDir: string): Promise<void> {
  const now = new Date()
  await utimes(buildDir, now, now).catch(() => undefined) // removed by hand: the server that runs from it says so itself
}

async function removeOldBuilds(): Promise<void> {
  const builds = await Promise.all(
    (await readdir(buildsDir))
      .filter((name) => /^[0-9a-f]{16}$/.test(name))
      .map(async (name) => ({ path: join(buildsDir, name), usedAt: (await stat(join(buildsDir, name))).mtimeMs })),
  )
  const old = builds
    .sort((one, other) => other.usedAt - one.usedAt)
    .slice(keptBuildCount)
    .filter(({ usedAt }) => usedAt < Date.now() - 3 * signOfLifeMs)
  for (const { path } of old) await rm(path, { recursive: true, force: true })
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
