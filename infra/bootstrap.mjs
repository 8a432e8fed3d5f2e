// What `npm start`, `npm test` and the others begin with: plain JavaScript for whatever Node (≥ 20) the machine has. It
// installs what is missing or stale, then hands over to the Node that the lockfile brings.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { accessSync, constants, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const scripts = {
  start: ['infra/start/main.ts'],
  test: ['infra/test/main.ts'],
  'test:full': ['infra/test/main.ts', '--full'],
  torture: ['infra/torture.ts'],
  bench: ['infra/bench.ts'],
  'new-migration': ['infra/new-migration.ts'],
  'package-agent': ['infra/agent/package-agent.ts'],
}

const pnpm = 'pnpm@12.21.0'
const rootDir = dirname(dirname(fileURLToPath(import.meta.url)))
const node = join(rootDir, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
const stampFile = join(rootDir, 'node_modules', '.rushes-installed')

const [command = '', ...args] = process.argv.slice(2)
const script = Object.hasOwn(scripts, command) ? scripts[command] : undefined
if (script === undefined) stop(`usage: node infra/bootstrap.mjs ${Object.keys(scripts).join(' | ')} [options]`, 2)
if (Number(process.versions.node.split('.')[0]) < 20) {
  stop(`Node.js ${process.versions.node} is too old to install Rushes. Install Node.js 20 or later, then try again.`, 1)
}
installWhatIsMissing()
handOver([...script.map((part, index) => (index === 0 ? join(rootDir, part) : part)), ...args])

function installWhatIsMissing() {
  // The lockfile says what is to be there; the platform, because a tree may be mounted into a container of another one.
  const lock = readFileSync(join(rootDir, 'pnpm-lock.yaml'))
  const stamp = `${createHash('sha256').update(lock).digest('hex')} ${process.platform} ${process.arch}\n`
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp && isExecutable(node)) return
  console.log('Installing what is missing …')
  const startedAt = performance.now()
  const install = spawnSync(
    'npx',
    ['--yes', pnpm, 'install', '--frozen-lockfile', '--config.confirm-modules-purge=false'],
    {
      cwd: rootDir,
      stdio: ['ignore', 'inherit', 'inherit'],
      env: { ...process.env, CI: 'true', npm_config_update_notifier: 'false' }, // CI: pnpm never asks
    },
  )
  if (install.error !== undefined) {
    stop(`npx could not be run (${install.error.message}). It comes with npm: install npm, then try again.`, 1)
  }
  if (install.status !== 0) {
    stop('The installation failed, see above. Without a network connection, try again when there is one.', 1)
  }
  writeFileSync(stampFile, stamp)
  console.log(`downloads took ${((performance.now() - startedAt) / 1000).toFixed(1)} s`)
}

function handOver(argv) {
  const child = spawn(node, ['--import', join(rootDir, 'infra', 'stop-with-parent.ts'), ...argv], {
    cwd: rootDir,
    // The channel closes when this process dies in whatever way, and takes the child along.
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, INIT_CWD: process.env.INIT_CWD ?? process.cwd() },
  })
  // In a terminal Ctrl-C reaches the child by itself, elsewhere only through here; the child takes both for one.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal))
  // npm killed outright forwards nothing: without it nobody could stop what it has started.
  const parent = process.ppid
  if (process.env.npm_lifecycle_event !== undefined) {
    setInterval(() => process.ppid === parent || child.kill('SIGTERM'), 1_000).unref()
  }
  child.on('error', (error) =>
    stop(`${node} could not be run: ${error.message}. Delete node_modules, then try again.`, 1),
  )
  child.on('exit', (code, signal) => {
    if (signal === null) process.exit(code ?? 1)
    for (const caught of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.removeAllListeners(caught)
    process.kill(process.pid, signal)
  })
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false // missing or not executable: either way it has to be installed
  }
}

function stop(message, exitCode) {
  console.error(message)
  process.exit(exitCode)
}
