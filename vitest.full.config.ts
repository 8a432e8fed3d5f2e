import { defineConfig } from 'vitest/config'
import { rootDir } from './infra/start/repository.ts'
import everyday from './vitest.config.ts'

const never = ['**/node_modules/**', '**/.next/**']

/** What takes longer, one file at a time: such tests start whole instances and time things. */
export default defineConfig({
  test: {
    root: rootDir,
    fileParallelism: false,
    projects: [
      {
        test: {
          ...everyday.test,
          name: 'full',
          root: rootDir,
          include: ['{apps,packages}/*/**/*.full.test.ts', '{infra,e2e}/**/*.full.test.ts'],
          exclude: never,
          testTimeout: 900_000,
          hookTimeout: 180_000,
        },
      },
      {
        // The everyday tests of ingest once more, on a bucket of a real S3 server, and those that only a bucket needs.
        test: {
          ...everyday.test,
          name: 'ingest on S3',
          root: rootDir,
          include: ['apps/ingest/test/**/*.test.ts'],
          // Of those that take longer, the ones that ask what a bucket changes about who is held up, and about what goes up again.
          exclude: [...never, '**/!(slow-loris|recorders).full.test.ts', '**/*folder.test.ts'],
          globalSetup: ['infra/test/postgres-for-tests.ts', 'e2e/ceph/ceph-for-tests.ts'],
          setupFiles: ['e2e/ceph/skip-without-ceph.ts'],
          testTimeout: 120_000,
          hookTimeout: 240_000,
        },
      },
    ],
  },
})
