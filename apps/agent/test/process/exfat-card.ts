import { type ChildProcess, execFile, spawn } from 'node:child_process'
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)

const sizeBytes = 64 * 1024 * 1024

/** A card with the file system of cards, which makes inode numbers up anew each time it is put in. */
export type ExfatCard = {
  /** Puts it in at a folder. Inodes are given in the order in which names are looked up first, which is that of `namesInOrder`. */
  insert(folder: string, namesInOrder?: readonly string[]): Promise<void>
  /** Takes it out as a hand does: what reads from it fails from then on. */
  pull(): Promise<void>
  /** Lets whatever looks at it wait, as a reader does that tries a bad block again and again, until it is let go on. */
  hang(): () => void
  /** Takes it out when everything is written. */
  eject(): Promise<void>
  /** From here on, bytes of the card behind this offset cannot be read, until it is mended. */
  damage(fromByte: number): Promise<() => Promise<void>>
  throwAway(): Promise<void>
}

/** Needs root, a loop device and exfat-fuse. */
export async function makeExfatCard(): Promise<ExfatCard> {
  const dir = await mkdtemp(join(tmpdir(), 'rushes-card-'))
  const image = join(dir, 'card.img')
  await writeFile(image, '')
  await truncate(image, sizeBytes)
  await run('mkfs.exfat', [image])
  const device = (await run('losetup', ['--find', '--show', image])).stdout.trim()
  let inserted: { folder: string; driver: ChildProcess; pull(): Promise<void> } | null = null

  const card: ExfatCard = {
    async insert(folder, namesInOrder = []) {
      const begun = (await run('mktemp', ['--directory', join(dir, 'slot-XXXXXX')])).stdout.trim()
      // In the foreground, so that it is ours to end.
      const driver = spawn('mount.exfat-fuse', ['-d', device, begun], { stdio: 'ignore' })
      const ended = new Promise<void>((resolve) => driver.on('close', () => resolve()))
      await untilMounted(begun)
      for (const name of namesInOrder) await stat(join(begun, name))
      // Nobody sees it before its names were looked up.
      await run('mount', ['--move', begun, folder])
      inserted = {
        ...{ folder, driver },
        async pull() {
          driver.kill('SIGKILL')
          await ended
        },
      }
    },
    async pull() {
      await inserted?.pull()
      if (inserted !== null) await run('umount', ['--lazy', inserted.folder])
      inserted = null
    },
    hang() {
      const driver = inserted?.driver
      driver?.kill('SIGSTOP')
      return () => void driver?.kill('SIGCONT')
    },
    async eject() {
      if (inserted !== null) await run('umount', [inserted.folder])
      inserted = null
    },
    async damage(fromByte) {
      const bytes = await readFile(image)
      // What a loop device has lost the file behind answers with EIO.
      await truncate(image, fromByte)
      return () => writeFile(image, bytes, { flag: 'r+' })
    },
    async throwAway() {
      await card.pull()
      await run('losetup', ['--detach', device])
      await rm(dir, { recursive: true, force: true })
    },
  }
  return card
}

async function untilMounted(folder: string): Promise<void> {
  const givesUpAt = performance.now() + 10_000
  while (!(await readFile('/proc/self/mountinfo', 'utf8')).includes(` ${folder} `)) {
    if (performance.now() > givesUpAt) throw new Error(`nothing was mounted at ${folder}`)
    await delay(20)
  }
}

/** Whether this machine can have such a card. */
export async function canHaveExfatCards(): Promise<boolean> {
  try {
    const card = await makeExfatCard()
    const folder = await mkdtemp(join(tmpdir(), 'rushes-slot-'))
    try {
      await card.insert(folder)
    } finally {
      await card.throwAway()
      await rm(folder, { recursive: true, force: true })
    }
    return true
  } catch {
    return false // not root, no loop device, no exfat-fuse: the tests are skipped and counted
  }
}
