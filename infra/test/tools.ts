import { execFile } from 'node:child_process'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { chromium } from 'playwright-core'
import { Failure } from '../failure.ts'

const run = promisify(execFile)

const systemBrowsers = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome']

/**
 * A Chromium that starts: the one of RUSHES_TEST_BROWSER, the system's, or the one that Playwright has downloaded.
 *
 * @returns what to give Playwright as `executablePath`; undefined when there is none
 */
export async function findBrowser(): Promise<string | undefined> {
  const given = process.env.RUSHES_TEST_BROWSER
  for (const candidate of [...(given ? [given] : []), ...systemBrowsers, chromium.executablePath()]) {
    if (!(await runs(candidate, ['--version']))) continue
    const { stdout } = await run('sh', ['-c', 'command -v "$1"', 'sh', candidate])
    return stdout.trim()
  }
  return undefined
}

/** Finds a browser or gets one: Playwright's download, else (as root on Debian) the system's package. */
export async function requireBrowser(say: (text: string) => void): Promise<string> {
  const found = await findBrowser()
  if (found !== undefined) return found
  say('no Chromium here: downloading the one of Playwright')
  await run(process.execPath, [playwrightCli(), 'install', 'chromium-headless-shell', 'chromium'], {
    timeout: 600_000,
  }).catch(
    () => say('that did not work'), // without a network to its host, for example; the system's package is next
  )
  const downloaded = await findBrowser()
  if (downloaded !== undefined) return downloaded
  await installPackages(['chromium'], say)
  const installed = await findBrowser()
  if (installed !== undefined) return installed
  throw new Failure(
    'toolMissing',
    'the end-to-end tests need a Chromium, and there is none',
    'On Debian: sudo apt-get install chromium. Elsewhere: npx playwright-core install --with-deps chromium',
  )
}

/** Finds a program or, as root on Debian, installs its packages (named with blanks between them). Its tests are skipped, counted and named without it. */
export async function wantTool(
  program: string,
  packageNames: string,
  say: (text: string) => void,
  versionFlag = '-version',
): Promise<boolean> {
  if (await runs(program, [versionFlag])) return true
  await installPackages(packageNames.split(' '), say)
  const isThere = await runs(program, [versionFlag])
  if (!isThere)
    say(`${program} is missing: tests that need it are skipped (on Debian: sudo apt-get install ${packageNames})`)
  return isThere
}

const cephPrograms = ['radosgw', 'radosgw-admin', 'ceph-mon', 'ceph-osd', 'ceph', 'monmaptool']
const cephPackages = ['radosgw', 'ceph-mon', 'ceph-osd', 'ceph-common']

/** Finds a real S3 server, or installs it as root on Debian; tests on buckets are skipped, counted and named without it. */
export async function wantCeph(say: (text: string) => void): Promise<void> {
  const isThere = async () => {
    for (const program of cephPrograms) if (!(await runs(program, ['--version']))) return false
    return true
  }
  if (await isThere()) return
  await installPackages(cephPackages, say)
  if (await isThere()) return
  say(`Ceph is missing: tests on buckets are skipped (on Debian: sudo apt-get install ${cephPackages.join(' ')})`)
}

async function installPackages(names: readonly string[], say: (text: string) => void): Promise<void> {
  if (process.getuid?.() !== 0 || !(await runs('apt-get', ['--version']))) return
  say(`installing ${names.join(' ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  const limits = { env, timeout: 600_000, maxBuffer: 64 * 1024 * 1024 }
  try {
    await run('apt-get', ['update', '-q'], limits)
    await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...names], limits)
  } catch (error) {
    say(`that did not work: ${error instanceof Error ? (error.message.split('\n')[0] ?? '') : error}`)
  }
}

const playwrightCli = () => join(createRequire(import.meta.url).resolve('playwright-core/package.json'), '..', 'cli.js')

async function runs(program: string, argv: readonly string[]): Promise<boolean> {
  try {
    await run(program, argv, { timeout: 30_000 })
    return true
  } catch {
    return false // absent, not for this machine, or without the libraries it needs: in no case of use here
  }
}
