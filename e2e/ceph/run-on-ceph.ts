import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { rootDir } from '@rushes/infra/start/repository'
import { hasCeph, startCeph } from './start-ceph.ts'

/**
 * Runs one of our programs, given by its path in the checkout, with a real S3 server to make buckets in: its address and keys are
 * in the environment. Arguments and signals are passed on.
 *
 * @returns its exit code; 77 where Ceph is not installed
 */
export async function runOnCeph(file: string): Promise<number> {
  if (!(await hasCeph())) {
    console.error(
      'Ceph is not installed here; on Debian, as root: apt-get install radosgw ceph-mon ceph-osd ceph-common',
    )
    return 77
  }
  const { stop, endpoint, accessKeyId, secretAccessKey } = await startCeph()
  try {
    const child = spawn(process.execPath, [join(rootDir, file), ...process.argv.slice(2)], {
      stdio: ['ignore', 'inherit', 'inherit'],
      env: {
        ...process.env,
        S3_ENDPOINT: endpoint,
        S3_ACCESS_KEY_ID: accessKeyId,
        S3_SECRET_ACCESS_KEY: secretAccessKey,
      },
    })
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
    await once(child, 'exit')
    return child.exitCode ?? 1
  } finally {
    await stop()
  }
}
