import { stragglerGraceMs } from '@rushes/protocol'

/** Times and sizes that bound what a request may cost. Tests shorten them. */
export type Limits = {
  /** A part upload of which no byte comes for so long is given up. */
  stallMs: number
  /** The head of a request has to be in by then. */
  headMs: number
  /** The body of any other request has to be in by then. */
  bodyMs: number
  /** What is left of a body that was refused is read, and thrown away, for so long: then the answer has surely been read. */
  lingerMs: number
  /** After the final part of a real-time upload, how long stragglers may still arrive. */
  graceMs: number
  /** How often the rows are searched for work that no message told of. */
  sweepEveryMs: number
  /** How often operators are told anew how the store is. */
  watchEveryMs: number
  /** How often the timetable is looked at for stored clips to be read again. */
  scrubPollMs: number
  /** So old is a clip that was never read before the timetable reads it. */
  scrubSettleMs: number
  /** For how long a clip that is being read is left to whoever reads it. */
  scrubLeaseMs: number
  /** How often it is asked whether the parts that are coming in are still wanted. */
  lookEveryMs: number
  /** How long a stop waits for uploads in flight. */
  drainMs: number
  /** A request waits so long for a database that is away; a part that has arrived, longer. */
  databaseWaitMs: number
  acknowledgeWaitMs: number
  /** A browser that takes no byte of a clip for so long is let go; it asks again. */
  playbackIdleMs: number
  /** How often clips that nobody has looked into are searched for, and those that are to be removed. */
  mediaEveryMs: number
  removalsEveryMs: number
  /** How often the days that projects keep clips and trash are looked at. */
  retentionEveryMs: number
  /** How soon, and how seldom at last, a bucket is asked which parts of an upload have come. */
  firstLookMs: number
  slowestLookMs: number
  /** Our agents say when every part is in; their uploads are looked at no more often than this. */
  agentLookMs: number
  /** An upload of which nothing was heard for so long is given up. */
  abandonedMs: number
  /** Left free on the volume of the store. */
  reserveBytes: number
}

export const limits: Limits = {
  stallMs: 60_000,
  headMs: 20_000,
  bodyMs: 30_000,
  lingerMs: 30_000,
  graceMs: stragglerGraceMs,
  sweepEveryMs: 5_000,
  watchEveryMs: 10_000,
  scrubPollMs: 30_000,
  scrubSettleMs: 10 * 60_000,
  scrubLeaseMs: 120_000,
  lookEveryMs: 1_000,
  drainMs: 6_000,
  databaseWaitMs: 5_000,
  acknowledgeWaitMs: 30_000,
  firstLookMs: 1_000,
  slowestLookMs: 5 * 60_000,
  agentLookMs: 60_000,
  abandonedMs: 7 * 86_400_000,
  playbackIdleMs: 5 * 60_000,
  mediaEveryMs: 3_000,
  removalsEveryMs: 5_000,
  retentionEveryMs: 60_000,
  reserveBytes: 256 * 1024 * 1024,
}
