import { defineConfig } from 'vitest/config'
import { rootDir } from './infra/start/repository.ts'
import everyday from './vitest.config.ts'

/** What takes longer, one file at a time: such tests start whole instances and time things. */
export default defineConfig({
  test: {
    ...everyday.test,
    root: rootDir,
    include: ['{apps,packages}/*/**/*.full.test.ts', '{infra,e2e}/**/*.full.test.ts'],
    exclude: ['**/node_modules/**', '**/.next/**'],
    fileParallelism: false,
    testTimeout: 900_000,
    hookTimeout: 180_000,
  },
})
