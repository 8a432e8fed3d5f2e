import { spawn, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { afterEach, expect, test, vi } from 'vitest'
import { atEnd, endAll, startDevice } from './agent-process.ts'

vi.setConfig({ testTimeout: 90_000 })
afterEach(endAll)

const hasSystemdNotify = spawnSync('systemd-notify', ['--version']).status === 0

/** Listens as systemd does, on a datagram socket, which Node.js has none of: prints the words of each datagram on a line. */
const listener = `
use IO::Socket::UNIX; $| = 1;
my $socket = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die $!;
print "listening\n";
while (defined $socket->recv(my $said, 4096)) { print join(" ", split /\n/, $said), "\n" }`

test.skipIf(!hasSystemdNotify)(
  'the words for systemd arrive on its socket: ready once, then alive, and none any more from an agent that hangs',
  async () => {
    const device = await startDevice()
    const path = join(device.stateDir, '..', 'notify')
    const systemd = spawn('perl', ['-e', listener, path], { stdio: ['ignore', 'pipe', 'inherit'] })
    const closed = new Promise((resolve) => systemd.on('close', resolve))
    atEnd(async () => {
      systemd.kill()
      await closed
    })
    const said: string[] = []
    const listening = Promise.withResolvers<void>()
    createInterface({ input: systemd.stdout }).on('line', (line) => {
      if (line === 'listening') listening.resolve()
      // What systemd-notify says on its own account (who it speaks for, a barrier) is between the two.
      else said.push(...line.split(' ').filter((word) => /^(READY|WATCHDOG)=/.test(word)))
    })
    await listening.promise
    const agent = await device.start([], { NOTIFY_SOCKET: path, WATCHDOG_USEC: '200000' })
    await expect.poll(() => said.length, { timeout: 30_000 }).toBeGreaterThanOrEqual(4)
    expect(said[0]).toBe('READY=1')
    expect(new Set(said.slice(1))).toEqual(new Set(['WATCHDOG=1']))

    process.kill(agent.pid, 'SIGSTOP')
    // One word may be under way: afterwards, in ten times the time that it would take, there is none.
    await vi.waitUntil(
      isSilentFor(2_000, () => said.length),
      { timeout: 30_000, interval: 100 },
    )
    process.kill(agent.pid, 'SIGCONT')
    const before = said.length
    await expect.poll(() => said.length, { timeout: 30_000 }).toBeGreaterThan(before)
    expect(agent.stderr()).not.toContain('systemd could not be told')
  },
)

/** Whether a count has stayed as it is for so long. */
function isSilentFor(durationMs: number, count: () => number): () => boolean {
  let [last, sinceMs] = [count(), performance.now()]
  return () => {
    if (count() !== last) [last, sinceMs] = [count(), performance.now()]
    return performance.now() - sinceMs >= durationMs
  }
}
