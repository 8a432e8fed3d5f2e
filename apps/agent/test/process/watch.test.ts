import { spawn } from 'node:child_process'
import stringWidth from 'string-width'
import { afterEach, expect, test, vi } from 'vitest'
import { faults } from '../simulated-destination/fault.ts'
import { atEnd, type Device, endAll, mainPath, runCli, startDevice } from './agent-process.ts'
import { writeClip } from './clips.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

const enterScreen = '\x1b[?1049h'
const bold = '\x1b[1m'
const leaveScreen = '\x1b[?7h\x1b[?25h\x1b[?1049l'

/** A command line on a terminal of its own, which script(1) makes. */
function onTerminal({ stateDir }: Device, args: readonly string[], env: Record<string, string> = {}) {
  const command = ['stty rows 24 cols 100', 'tty', `exec "$NODE" "$MAIN" --state-dir "$STATE" ${args.join(' ')}`].join(
    ' && ',
  )
  const child = spawn('script', ['--quiet', '--flush', '--return', '--command', command, '/dev/null'], {
    stdio: ['pipe', 'pipe', 'inherit'],
    // A person's terminal, whatever the tests run in: `CI`, `NO_COLOR` and `FORCE_COLOR` of theirs decide of colours too.
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      TERM: 'xterm-256color',
      SHELL: '/bin/sh',
      NODE: process.execPath,
      MAIN: mainPath,
      STATE: stateDir,
      ...env,
    },
  })
  let shown = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text
  })
  const closed = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)))
  atEnd(async () => {
    child.kill('SIGKILL')
    await closed
  })
  return {
    shown: () => shown,
    /** The lines that were drawn last. */
    screen: () =>
      (shown.split('\x1b[H').at(-1) ?? '')
        .split('\x1b[0J')[0]
        ?.split('\r\n')
        .map((line) => line.replaceAll('\x1b[2K', '')) ?? [],
    tty: () => /\/dev\/\S+/.exec(shown)?.[0] ?? '',
    type: (text: string) => child.stdin.write(text),
    closed,
  }
}

/** A device with one clip whose first part is on its way and stays there. */
async function midUpload() {
  const device = await startDevice({ chunkSizeBytes: 1_048_576, settings: { workers: 1, stallMs: 60_000 } })
  const stall = device.server.inject(faults.stallReply, { operation: 'part', nth: 2 })
  await device.start()
  await writeClip(device.watchDir, 'A001.mov', 2_500_000)
  await stall.firstHit
  return { device, stall }
}

test('watch draws a bar for each clip, follows the size of the terminal, and Ctrl-C gives the terminal back while uploads go on', async () => {
  const { device, stall } = await midUpload()
  const terminal = onTerminal(device, ['watch'])
  await expect
    .poll(() => terminal.screen().find((line) => line.includes('A001.mov')), { timeout: 30_000 })
    .toMatch(/▓.*33 %/)
  expect(terminal.shown()).toContain(enterScreen)
  expect(terminal.screen()[0]).toContain('First Project')

  spawn('stty', ['-F', terminal.tty(), 'rows', '10', 'cols', '40'])
  await expect
    .poll(() => Math.max(...terminal.screen().map((line) => stringWidth(line))), { timeout: 30_000 })
    .toBeLessThanOrEqual(40)

  terminal.type('\x03')
  expect(await terminal.closed).toBe(0)
  expect(terminal.shown()).toMatch(/Uploads go on; to see them again: rushes-agent watch\s*$/)
  expect(terminal.shown().indexOf(leaveScreen)).toBeLessThan(terminal.shown().indexOf('Uploads go on; to see'))
  stall.remove()
  await device.until(([upload]) => upload?.state === 'verified', 'verified')
})

test.for([
  ['with colours', {}, true],
  ['without where NO_COLOR says so', { NO_COLOR: '1' }, false],
] as const)('a terminal is drawn on %s', async ([, env, isColoured]) => {
  const { device } = await midUpload()
  const terminal = onTerminal(device, ['watch'], env)
  await expect.poll(() => terminal.shown(), { timeout: 30_000 }).toContain('A001.mov')
  terminal.type('\x03')
  expect(await terminal.closed).toBe(0)
  expect(terminal.shown().includes(bold)).toBe(isColoured)
})

test('an agent that ends gives the terminal back with an error and the exit code for it', async () => {
  const device = await startDevice()
  const agent = await device.start()
  const terminal = onTerminal(device, ['watch'])
  await expect.poll(() => terminal.shown(), { timeout: 30_000 }).toContain('no clips yet')
  await agent.kill()
  expect(await terminal.closed).toBe(4)
  expect(terminal.shown().indexOf(leaveScreen)).toBeLessThan(terminal.shown().indexOf('DAEMON_NOT_RUNNING'))
})

test('add --wait shows progress as lines where there is no terminal, and ends when the clips are home', async () => {
  const device = await startDevice()
  await device.start()
  const clip = await writeClip(`${device.stateDir}/../elsewhere`, 'C001.mov', 100_000)
  const plain = await runCli(['--state-dir', device.stateDir, 'add', '--wait', 'verified', clip.path])
  expect(plain).toMatchObject({ code: 0, stderr: '' })
  expect(plain.stdout).toMatch(/^queued .*C001\.mov\n(?:.*\n)*verified .*C001\.mov\n$/)
  expect(plain.stdout).not.toContain('\x1b')
  const again = await device.cli('add', '--wait', 'uploaded', clip.path)
  expect(again.lines.at(-1)).toMatchObject({ event: 'ended', state: 'verified' })
})

test('add --wait fails when a clip will not arrive, and without an agent it queues nothing', async () => {
  const device = await startDevice()
  const clip = await writeClip(`${device.stateDir}/../elsewhere`, 'C001.mov', 100_000)
  expect(await device.cli('add', '--wait', 'verified', clip.path)).toMatchObject({ code: 4, lines: [] })
  expect(await device.list()).toEqual([])
  expect((await device.cli('watch')).code).toBe(4)
  device.server.inject(faults.channelPaused, { operation: 'create' })
  await device.start()
  const finished = await device.cli('add', '--wait', 'verified', clip.path)
  expect(finished.code).toBe(1)
  expect(finished.lines.at(-1)).toMatchObject({ event: 'ended', state: 'blocked', reason: 'capturedInPause' })
})

test('whoever reads the output may go, which is no failure', async () => {
  const device = await startDevice()
  await device.start()
  const command = `"${process.execPath}" "${mainPath}" --state-dir "${device.stateDir}" --json watch; echo "ended $?" >&2`
  const child = spawn('sh', ['-c', `{ ${command}; } | head -n 1`], { stdio: ['ignore', 'pipe', 'pipe'] })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  let isOver = false
  child.on('close', () => {
    isOver = true
  })
  child.stdout.resume()
  // There has to be something to say for it to notice that nobody hears it.
  for (let count = 1; !isOver; count++) {
    await writeClip(device.watchDir, `A${count}.mov`, 1_000 + count)
    await device.until((all) => isOver || all.filter(({ state }) => state === 'verified').length === count, 'verified')
  }
  expect(said).toBe('ended 0\n')
})
