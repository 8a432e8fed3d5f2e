import type { TestProject } from 'vitest/node'
import { hasCeph, type S3Server, startCeph } from './start-ceph.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** The S3 server that stores of tests are on; null where one is wanted and cannot be had. */
    s3Server: S3Server | null
  }
}

/** One S3 server for a whole test run; suites make buckets in it. */
export default async function provideCeph(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if (!(await hasCeph())) {
    project.provide('s3Server', null)
    return undefined
  }
  const { stop, ...server } = await startCeph()
  project.provide('s3Server', server)
  return stop
}
