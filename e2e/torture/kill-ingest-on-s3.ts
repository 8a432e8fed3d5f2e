/** `kill-ingest` with its clips in buckets of a real S3 server. `--seconds N --seed S`. */
import { runOnCeph } from '../ceph/run-on-ceph.ts'

process.exitCode = await runOnCeph('apps/ingest/torture/kill-ingest.ts')
