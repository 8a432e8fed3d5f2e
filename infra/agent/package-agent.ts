/**
 * Packs the agent into one file to install: `npm run package-agent -- [--target linux-x64|linux-arm64] [--out DIR]` writes
 * `rushes-agent-<version>-<target>.tar.gz`, to be unpacked at `/` of a capture device. In it are a single executable (the agent bundled into
 * Node.js), the systemd unit and its user. Nothing is compiled for the target: the executable of another architecture comes from the npm
 * package that holds it. `--program FILE`: an executable of another program over the agent's modules, and nothing else, so that a bench can
 * measure what is installed.
 */
import { execFile } from 'node:child_process'
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { parseArgs, promisify } from 'node:util'
import { build } from 'esbuild'
import { rootDir } from '../start/repository.ts'

const run = promisify(execFile)
const targets = ['linux-x64', 'linux-arm64'] as const
type Target = (typeof targets)[number]

const { values } = parseArgs({
  options: { target: { type: 'string' }, out: { type: 'string' }, program: { type: 'string' } },
})
const here: string = `${process.platform}-${process.arch}`
const target = targets.find((name) => name === (values.target ?? here))
if (target === undefined) {
  console.error(`there is no agent for ${values.target ?? here}; --target is one of: ${targets.join(', ')}`)
  process.exit(2)
}
if (values.program !== undefined && target !== here) {
  console.error('an executable of another program is for this machine: leave --target out')
  process.exit(2)
}
const sources = join(rootDir, 'apps/agent/src')
const outDir = resolve(values.out ?? join(rootDir, 'dist'))
console.log(
  await (values.program === undefined ? packAgent(target, outDir) : packProgram(resolve(values.program), outDir)),
)

/** The path of the file that was written. */
function packAgent(target: Target, outDir: string): Promise<string> {
  return inWorkFolder(async (work) => {
    const root = join(work, 'root')
    const folders = ['usr/bin', 'usr/lib/systemd/system', 'usr/lib/sysusers.d'].map((path) => join(root, path))
    for (const folder of [...folders, outDir]) await mkdir(folder, { recursive: true })
    const [bin = '', units = '', users = ''] = folders
    await makeExecutable(join(sources, 'main.ts'), await nodeFor(target, work), join(bin, 'rushes-agent'), work)
    await copyFile(join(import.meta.dirname, 'rushes-agent.service'), join(units, 'rushes-agent.service'))
    await copyFile(join(import.meta.dirname, 'rushes-agent.sysusers'), join(users, 'rushes-agent.conf'))
    const manifest = JSON.parse(await readFile(join(rootDir, 'apps/agent/package.json'), 'utf8'))
    const archive = join(outDir, `rushes-agent-${manifest.version}-${target}.tar.gz`)
    await run('tar', ['--owner=0', '--group=0', '-czf', archive, '-C', root, 'usr'])
    return archive
  })
}

/** For this machine. The path of the executable. */
function packProgram(program: string, outDir: string): Promise<string> {
  return inWorkFolder(async (work) => {
    await mkdir(outDir, { recursive: true })
    const output = join(outDir, basename(program, '.ts'))
    await makeExecutable(program, process.execPath, output, work)
    return output
  })
}

async function inWorkFolder<T>(body: (work: string) => Promise<T>): Promise<T> {
  const work = await mkdtemp(join(tmpdir(), 'rushes-package-'))
  try {
    return await body(work)
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

async function bundle(entry: string, outfile: string): Promise<string> {
  await build({
    entryPoints: [entry],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node26',
    outfile,
    // The licences of what is in it go with it.
    legalComments: 'eof',
    logLevel: 'warning',
    // Some dependencies are CommonJS and ask for Node.js' own modules that way; they ask for no others, so any address will do.
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom('file:///');",
    },
  })
  return outfile
}

/** Node.js for the target, of the version that everything runs on. */
async function nodeFor(target: Target, work: string): Promise<string> {
  if (target === here) return process.execPath
  const name = `node-${target}@${process.versions.node}`
  const { stdout } = await run('npm', ['pack', name, '--silent', '--pack-destination', work], { cwd: work })
  await run('tar', ['-xzf', join(work, stdout.trim()), '-C', work])
  return join(work, 'package/bin/node')
}

/** `entry`: the module of the program; `executable`: the Node.js that it is put into. */
async function makeExecutable(entry: string, executable: string, output: string, work: string): Promise<void> {
  const main = await bundle(entry, join(work, 'main.mjs'))
  const thread = await bundle(join(sources, 'destination/courier-thread.ts'), join(work, 'courier-thread.mjs'))
  const execArgv = JSON.parse(await readFile(join(rootDir, 'apps/agent/node-flags.json'), 'utf8'))
  const config = {
    ...{ main, mainFormat: 'module', executable, output, execArgv, disableExperimentalSEAWarning: true },
    assets: { 'courier-thread': thread },
  }
  const path = join(work, 'sea.json')
  await writeFile(path, JSON.stringify(config))
  await run(process.execPath, ['--build-sea', path])
  await chmod(output, 0o755)
}
