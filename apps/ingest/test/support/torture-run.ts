import { parseArgs } from 'node:util'
import type { Servers } from './process-ingest.ts'

/** What a long random suite is told on its command line and in its environment. */
export type TortureRun = {
  servers: Servers
  seed: number
  /** Whether it goes on: until it has done the least it must, then until its time is over, and never after a signal to stop. */
  goesOn(hasDoneEnough: boolean): boolean
  signal: AbortSignal
}

/** Ends the program when there is no server that it may create databases on. Where no S3 server is named, clips are kept in a folder. */
export function readTortureRun(): TortureRun {
  const { values } = parseArgs({
    options: { seconds: { type: 'string', default: '60' }, seed: { type: 'string', default: '1' } },
  })
  const { DATABASE_URL: adminUrl, S3_ENDPOINT: endpoint } = process.env
  if (adminUrl === undefined) {
    console.error('DATABASE_URL names a server on which this may create databases; npm run torture brings one')
    process.exit(2)
  }
  const { S3_ACCESS_KEY_ID: accessKeyId = '', S3_SECRET_ACCESS_KEY: secretAccessKey = '' } = process.env
  const interrupted = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => interrupted.abort())
  const endsAtMs = performance.now() + Number(values.seconds) * 1_000
  return {
    servers: { adminUrl, s3Server: endpoint === undefined ? null : { endpoint, accessKeyId, secretAccessKey } },
    seed: Number(values.seed),
    goesOn: (hasDoneEnough) => !interrupted.signal.aborted && (!hasDoneEnough || performance.now() < endsAtMs),
    signal: interrupted.signal,
  }
}
