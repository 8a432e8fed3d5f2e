import { lstatSync, mkdtempSync, realpathSync, renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { noLoss, type PartLimits } from '@rushes/upload-core'
import { pino } from 'pino'
import type { GrowingFile, SettledFile, WatchFolder } from '../../src/capture/capture-port.ts'
import { readVolumeTable } from '../../src/capture/volume-table.ts'
import { knownFilesOf, takeInFiles } from '../../src/daemon/take-in-files.ts'
import { type OpenFile, openOnDisk } from '../../src/destination/part-source.ts'
import { createGroupCommit, type GroupCommit } from '../../src/queue/group-commit.ts'
import { dueGrowths } from '../../src/queue/growing-claims.ts'
import { takeIdentity } from '../../src/queue/move-project.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { uploadsInOrder } from '../../src/queue/queue-reports.ts'
import { endWaits, rescueClaims } from '../../src/queue/waits.ts'
import { checkSent } from '../../src/upload/check-sent.ts'
import { createDigestsInOrder } from '../../src/upload/digests-in-order.ts'
import { growOnce } from '../../src/upload/grow.ts'
import { registerFiles } from '../../src/upload/register.ts'
import { sendParts } from '../../src/upload/send-part.ts'
import { hashBytes, hashText } from '../../src/xxh64.ts'
import { identity, startOfTime, testQueue } from '../queue/test-queue.ts'
import { noHandOver, oneFile } from '../upload/one-at-a-time.ts'
import { bytesOf, Crash, GrowingDestination, type Mishap } from './growing-destination.ts'

/** The protocol's proportions in a few hundred bytes. */
export const tinyLimits: PartLimits = {
  minPartSizeBytes: 64,
  maxPartSizeBytes: 4_000,
  maxPartCount: 40,
  maxFileSizeBytes: 8_000,
}
const tailBytes = 100
/** The real one: whoever cannot read a file asks whether its volume is mounted. */
const volumeId = (await readVolumeTable(null)).find(realpathSync(tmpdir())).id

type Take = { seenAt: number; sawBegin: boolean; bornAt: number | null; toldAt: number | null }

/** One device that records into a folder and uploads from it, step by step; nothing happens by itself. */
export function growingWorld(options: { isOurs: boolean; extension: string }) {
  const tested = testQueue({ isOurs: options.isOurs })
  let queue = tested.queue
  const dir = mkdtempSync(join(tmpdir(), 'rushes-growing-'))
  const path = join(dir, `A001.${options.extension}`)
  const folder: WatchFolder = {
    ...{ path: dir, channel: 0, mode: 'realtime', include: [], exclude: [], order: 'oldest-first', bytesPerSecond: 64 },
  }
  const destination = new GrowingDestination(options.isOurs, tinyLimits.minPartSizeBytes, () => tested.clock.now)
  const port = destination.port()
  const log = pino({ level: 'silent' })
  const never = new AbortController().signal
  const sizes = new Map<string, number>()
  const digests = createDigestsInOrder()
  const lookedAnew: string[] = []
  let listener = takeInFiles(queue, log, tinyLimits)
  let stamp = 0
  let isDamaged = false
  /** Told of a read that never ends; null while reads end. */
  let onHanging: (() => void) | null = null
  /** What capture knows of when the take began. `toldAt`: what the file at rest tells, where nobody saw it begin. */
  let take: Take = { seenAt: startOfTime, sawBegin: true, bornAt: startOfTime, toldAt: null }
  const openFile: OpenFile = async (file) => {
    const opened = await openOnDisk(file)
    const eio = async () => {
      throw Object.assign(new Error('EIO: i/o error, read'), { code: 'EIO' })
    }
    const hang = async () => {
      await opened.close()
      onHanging?.()
      return new Promise<number>(() => undefined)
    }
    if (onHanging !== null) return { ...opened, read: hang }
    return isDamaged ? { ...opened, read: eio } : opened
  }

  const listen = (on: Queue) => on.listen((news) => news.kind === 'growth' && sizes.set(news.uploadId, news.sizeBytes))
  listen(queue)
  const judging = () => ({
    queue,
    gate: { isOpen: () => true, whenOpen: async () => undefined, close: () => undefined, succeeded: () => undefined },
    authorization: { confirm: async () => ({ kind: 'confirmed', moved: false }) },
    random: () => 0.5,
    destinationOf: () => port,
    log,
    signal: never,
  })
  // Of the gate and the authorization only what is called here is there.
  const doing = () => {
    const { gate, authorization, ...rest } = judging()
    const health = {
      isHealthy: async () => true,
      condition: () => ({ state: 'up', down: null, lastSuccessAt: null, lastError: null }),
    }
    const commit = createGroupCommit(queue, () => true)
    return { ...rest, commit, gate: { ...gate, ...health }, authorization } as unknown as Parameters<
      typeof growOnce
    >[0] & {
      commit: GroupCommit
    }
  }
  const look = (): GrowingFile => {
    const stat = lstatSync(path, { bigint: true })
    return {
      ...{
        path,
        relativePath: 'A001',
        watchFolder: folder,
        sizeBytes: Number(stat.size),
        since: take.seenAt,
        sawBegin: take.sawBegin,
        bornAt: take.bornAt,
      },
      ...{
        modifiedUs: Number(stat.mtimeNs / 1_000n),
        volumeId,
        inode: String(stat.ino),
        inodeIsStable: true,
      },
    }
  }
  const settled = (): SettledFile => {
    const stat = lstatSync(path, { bigint: true })
    const key = `${stat.ino}:${stat.size}:${stat.mtimeNs}`
    return {
      ...{ path, relativePath: 'A001', watchFolder: folder, sizeBytes: Number(stat.size), mediaType: 'video/mp4' },
      identity: {
        ...{ key: `${key}:${hashBytes(bytesOf(path))}`, statKey: key, volumeId, inode: String(stat.ino) },
        ...{ inodeIsStable: true, pathOnVolume: 'A001', sizeBytes: Number(stat.size), mtimeNs: String(stat.mtimeNs) },
        headTailDigest: '0123456789abcdef',
      },
      ...{ modifiedAt: startOfTime, birthtime: take.bornAt, embeddedCreationAt: null },
      firstGrowthSeenAt: take.sawBegin && take.toldAt === null ? take.seenAt : null,
      isByOwnClock: take.sawBegin && take.toldAt === null,
      capturedAt: take.toldAt ?? take.seenAt,
    }
  }
  /** Each write has a time of its own, however fast they come: the clock of a file system goes in steps. */
  let writes = 0
  const touch = () => utimesSync(path, startOfTime / 1_000 + ++writes, startOfTime / 1_000 + writes)
  /** Bytes that are nowhere the same twice. */
  const noise = (byteCount: number): Buffer => {
    const bytes = Buffer.alloc(byteCount)
    for (let at = 0; at < byteCount; at++)
      bytes[at] = Math.floor(((stamp++ * 2_654_435_761) % 4_294_967_296) / 16_777_216)
    return bytes
  }
  const crash = () => {
    queue = tested.reopen()
    listen(queue)
    sizes.clear()
    listener = takeInFiles(queue, log, tinyLimits)
    rescueClaims(queue, () => 0.5)
  }
  /** A step of the uploader, in which the process may die. */
  const step = async (mishap: Mishap, work: () => Promise<unknown>) => {
    destination.mishap = mishap
    destination.mishapIsOver = mishap === 'none'
    try {
      await work()
    } catch (error) {
      if (!(error instanceof Crash)) throw error
      crash()
    } finally {
      destination.mishap = 'none'
      destination.mishapIsOver = true
    }
  }
  const tellVolume = (present: boolean) =>
    listener.onVolumes([{ id: volumeId, label: '', path: dir, sizeBytes: null, freeBytes: null, present }])
  const world = {
    path,
    destination,
    get queue() {
      return queue
    },
    uploads: () => uploadsInOrder(queue, 0, 100),
    write(change: (content: Buffer) => Buffer) {
      const before = lstatSync(path, { throwIfNoEntry: false }) === undefined ? Buffer.alloc(0) : bytesOf(path)
      writeFileSync(path, change(before), { flag: before.byteLength === 0 ? 'w' : 'r+' })
      touch()
      const stat = lstatSync(path)
      if (stat.size > change(before).byteLength) throw new Error('a write never shortens')
    },
    append: (byteCount: number) => {
      const more = noise(byteCount)
      world.write((content) => Buffer.concat([content, more]))
    },
    rewrite: (offset: number, byteCount: number) => {
      const other = noise(byteCount)
      world.write((content) => {
        const next = Buffer.from(content)
        other.copy(next, Math.min(offset, Math.max(0, content.byteLength - byteCount)))
        return next
      })
    },
    prepend: (byteCount: number) => {
      const head = noise(byteCount)
      world.write((content) => Buffer.concat([head, content]))
    },
    /** Paths at which senders had capture look once more. */
    lookedAnew,
    get clock() {
      return tested.clock
    },
    /** What capture knows, or is told by the file, of when the take began. */
    began(more: Partial<Take>) {
      take = { ...take, ...more }
    },
    /** Another take under the same name. */
    replace: (byteCount: number) => {
      take = { seenAt: tested.clock.now, sawBegin: true, bornAt: tested.clock.now, toldAt: null }
      rmSync(path)
      writeFileSync(path, noise(byteCount))
      touch()
    },
    /** The medium cannot be read any more where the file is compared, or again. */
    damage(damaged: boolean) {
      isDamaged = damaged
    },
    /** The process dies while the file is read to be compared. */
    async dieReading() {
      await new Promise<void>((resolve) => {
        onHanging = resolve
        void world.grow('none').then(resolve)
      })
      onHanging = null
      crash()
    },
    /** Lets ten minutes pass, and what waited for time go on. */
    pass() {
      tested.clock.now += 600_000
      endWaits(queue)
    },
    see: () => listener.onGrowing(look()),
    /** As capture tells it: what rests as the queue knows it is no news. */
    rest() {
      const file = settled()
      const known = knownFilesOf(queue).find(file.identity)
      if (known?.isGivenUp) listener.onMoved(file, known.path)
      else if (known?.path === path) listener.onKnown(file)
      else listener.onSettled(file)
    },
    /** The card is pulled, or put in again. */
    pull() {
      renameSync(dir, `${dir}.out`)
      tellVolume(false)
      listener.onGone({ path, relativePath: 'A001', watchFolder: folder, volumeId, volumePresent: false })
    },
    insert() {
      renameSync(`${dir}.out`, dir)
      tellVolume(true)
    },
    crash,
    move(projectId: string) {
      tested.clock.now += 60_000
      destination.projectId = projectId
      for (const asset of destination.assets) asset.isClosed ||= !asset.isComplete
      takeIdentity(queue, identity(projectId, { projectEpoch: ++stamp }), hashText)
    },
    register: (mishap: Mishap) =>
      step(mishap, () =>
        registerFiles({
          ...{ ...doing(), handOver: noHandOver, maxOpenAssets: 10 },
          ...{ linkLoss: () => noLoss, onLook: () => undefined, onClaim: () => undefined, ...oneFile },
        }),
      ),
    grow: (mishap: Mishap) =>
      step(mishap, async () => {
        for (const { uploadId } of dueGrowths(queue))
          await growOnce({ ...doing(), sizes, bounds: { limits: tinyLimits, tailBytes }, openFile }, uploadId)
      }),
    send: (mishap: Mishap) =>
      step(mishap, async () => {
        const draining = new AbortController()
        draining.abort()
        const inFlight = { begin: () => ({ signal: never, addBytes: () => undefined, end: () => undefined }) }
        await sendParts({
          ...doing(),
          ...{
            inFlight: inFlight as never,
            digests,
            ...{ handOver: noHandOver, observe: () => undefined, onLook: () => undefined, onClaim: () => undefined },
            stallMs: 1_000,
            rescan: async () => undefined,
            lookAnew: (at) => lookedAnew.push(at),
          },
          ...{ draining: draining.signal, stop: never },
        })
      }),
    check: () => step('none', () => checkSent({ queue, random: () => 0.5, log, signal: never })),
    /** Lets an hour pass and everything happen that is due, until nothing more does. */
    async finish() {
      for (let round = 0; round < 400; round++) {
        world.pass()
        await world.register('none')
        await world.grow('none')
        await world.send('none')
        await world.check()
        const open = world
          .uploads()
          .filter(({ state }) => ['queued', 'registering', 'uploading', 'waiting'].includes(state.kind))
        const owed = queue.sql("SELECT count(*) AS owed FROM growths WHERE phase = 'sent'").get()?.owed
        if (open.length === 0 && owed === 0) return
      }
      throw new Error(
        `never finished: ${JSON.stringify(world.uploads().map(({ state, error }) => ({ state, error })))}`,
      )
    },
    end: () => rmSync(dir, { recursive: true, force: true }),
  }
  return world
}
export type GrowingWorld = ReturnType<typeof growingWorld>

/** Records, and lets all of it that can go up go up. */
export async function growBy(world: GrowingWorld, sizeBytes: number): Promise<void> {
  for (let size = 0; size < sizeBytes; size += 50) {
    world.append(50)
    world.see()
    await world.register('none')
    await world.grow('none')
    for (let sends = 0; sends < 5; sends++) await world.send('none')
  }
}

export const stateOf = (world: GrowingWorld) => world.uploads().map(({ state }) => state)
