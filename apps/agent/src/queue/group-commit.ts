import type { Queue } from './open-queue.ts'

/**
 * Runs `body` in a durable transaction that it may share with others; resolves with its result after the commit, never before. It must stand
 * being run again. Rejects with what its own body threw, or with what its own transaction failed with; never for another's sake.
 */
export type GroupCommit = <T>(body: () => T) => Promise<T>

/** One caller. It is told by what `run` returns, once that is committed; `runAlone` does it and tells. */
type Member = { run(): () => void; runAlone(): void }

/**
 * At least so much time lies between the beginnings of two flushes that others share: of files so small that an answer comes every fraction of a
 * millisecond, several then share one, and nobody's part takes noticeably longer.
 */
const gatherMs = 2
/** When so many wait, nobody waits any longer. */
const enough = 48

/**
 * One flush to disk for all that arrives within one turn of the event loop, or within `gatherMs` of the flush before, or until they are `enough`: while the disk is busy with
 * one flush, answers for other workers come in, and share the next. Who is alone waits for nobody: `othersMayCome` says whether another could. At
 * most as many wait as there are workers.
 */
export function createGroupCommit(queue: Pick<Queue, 'transact'>, othersMayCome: () => boolean): GroupCommit {
  let waiting: Member[] = []
  let lastMs = Number.NEGATIVE_INFINITY
  let gathering: NodeJS.Timeout | undefined

  const commitAll = () => {
    if (waiting.length === 0) return // those who waited went when they were enough
    lastMs = performance.now()
    clearTimeout(gathering)
    const members = waiting
    waiting = []
    let tellAll: (() => void)[]
    try {
      tellAll = queue.transact(() => members.map((member) => member.run()))
    } catch {
      // Nothing of it is stored. Whoever caused that learns of it from a transaction of its own.
      for (const member of members) member.runAlone()
      return
    }
    for (const tell of tellAll) tell()
  }

  const commitIn = (waitMs: number) => {
    clearTimeout(gathering)
    if (waitMs > 0) gathering = setTimeout(commitAll, waitMs)
    else setImmediate(commitAll)
  }

  return <T>(body: () => T) =>
    new Promise<T>((resolve, reject) => {
      const member: Member = {
        run() {
          const result = body()
          return () => resolve(result)
        },
        runAlone() {
          try {
            resolve(queue.transact(body))
          } catch (error) {
            reject(error)
          }
        },
      }
      if (waiting.length === 0 && !othersMayCome()) return member.runAlone()
      const count = waiting.push(member)
      if (count === 1) commitIn(lastMs + gatherMs - performance.now())
      else if (count === enough) commitIn(0)
    })
}
