import { statSync } from 'node:fs'
import type { CaptureCounts, StartCapture } from './capture-port.ts'
import { FolderCapture } from './folder-capture.ts'
import { createWriterProbe } from './open-writers.ts'
import { VolumeMonitor } from './volume-monitor.ts'

const defaultSettleMs = 2_000

/** Watches the folders until it is stopped. Returns at once; folders that are absent are watched as soon as they are there. */
export const startCapture: StartCapture = (options) => {
  const { folders, known, listener, clock, log, settleMs = defaultSettleMs, ownFolder } = options
  const own = ownFolder === undefined ? null : statSync(ownFolder, { bigint: true })
  const stopping = new AbortController()
  const { signal } = stopping
  const volumes = new VolumeMonitor({
    clock,
    folders: () => captures,
    onMountsChanged: () => {
      for (const capture of captures) capture.scanSoon()
    },
    onVolumes: (seen) => {
      try {
        listener.onVolumes(seen)
      } catch (error) {
        // They are told again at the next change, and no upload hangs on it.
        log.error({ err: error }, 'could not hand over the volumes')
      }
    },
  })
  const writers = createWriterProbe(clock)
  const captures: FolderCapture[] = folders.map(
    (folder): FolderCapture =>
      new FolderCapture({
        ...{ folder, known, listener, writers, clock, log, volumes, restMs: settleMs },
        isOwnFolder: ({ device, inode }) => own?.dev === device && own.ino === inode,
        isOtherRoot: (path) => captures.some((other) => other.folder !== folder && other.isAt(path)),
        onRootChanged: () => volumes.lookSoon(),
      }),
  )

  const running = Promise.all(captures.map((capture) => capture.locate())).then(() =>
    Promise.all([volumes.run(signal), ...captures.map((capture) => capture.run(signal))]),
  )
  // Each loop deals with its own failures; what comes through is a bug, and is thrown again by `stop`.
  running.catch((error: unknown) => log.fatal({ err: error }, 'capture has stopped'))

  return {
    stop: async () => {
      stopping.abort()
      await running
    },
    rescan: async () => {
      await Promise.all(captures.map((capture) => capture.rescan()))
    },
    lookAnew(path) {
      for (const capture of captures) capture.lookAnew(path)
    },
    finish: async (path) => {
      for (const capture of captures) if (await capture.finish(path)) return 'finished'
      return 'unknown'
    },
    counts: () => sum(captures.map((capture) => capture.counts)),
    volumes: () => volumes.volumes(),
  }
}

function sum(all: readonly CaptureCounts[]): CaptureCounts {
  const total = (pick: (counts: CaptureCounts) => number) => all.reduce((count, counts) => count + pick(counts), 0)
  return {
    settled: total(({ settled }) => settled),
    known: total(({ known }) => known),
    growing: total(({ growing }) => growing),
    refused: total(({ refused }) => refused),
    leftOut: {
      hidden: total(({ leftOut }) => leftOut.hidden),
      system: total(({ leftOut }) => leftOut.system),
      temporary: total(({ leftOut }) => leftOut.temporary),
      byRule: total(({ leftOut }) => leftOut.byRule),
      links: total(({ leftOut }) => leftOut.links),
      unreadable: total(({ leftOut }) => leftOut.unreadable),
    },
  }
}
