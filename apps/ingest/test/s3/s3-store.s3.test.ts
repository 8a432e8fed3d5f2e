import { createIngestPartUrls } from '../../src/parts/ingest-part-urls.ts'
import { createPartSigner } from '../../src/parts/part-signer.ts'
import { openBucket } from '../../src/store/s3/bucket.ts'
import { createS3Store, type S3Store } from '../../src/store/s3/s3-store.ts'
import type { UploadIds } from '../../src/store/s3/upload-ids.ts'
import { describeObjectStore, type StoreUnderTest } from '../store/conformance.ts'
import { putPart } from '../support/clips.ts'
import { createTestBucket, type TestBucket } from '../support/test-bucket.ts'

const ingestPartUrls = createIngestPartUrls({
  signer: createPartSigner(['a-secret-for-tests-only']),
  ingestUrl: 'http://ingest.test',
})

/** What the rows do, in memory. */
function rememberedIds(): UploadIds & { ended: Set<string> } {
  const ids = new Map<string, string | null>()
  const ended = new Set<string>()
  return {
    ended,
    async open(assetId) {
      if (ended.has(assetId)) return { kind: 'ended' }
      const isNew = !ids.has(assetId)
      if (isNew) ids.set(assetId, null)
      return { kind: 'open', uploadId: ids.get(assetId) ?? null, isNew }
    },
    async remember(assetId, uploadId) {
      if (!ids.has(assetId)) return null
      if (ids.get(assetId) === null) ids.set(assetId, uploadId)
      return ids.get(assetId) ?? null
    },
    async find(assetId) {
      const uploadId = ids.get(assetId)
      return uploadId === undefined ? null : { uploadId }
    },
    async forget(assetId) {
      ids.delete(assetId)
    },
  }
}

async function prepare(): Promise<
  StoreUnderTest & { store: S3Store; bucket: TestBucket; uploads: ReturnType<typeof rememberedIds> }
> {
  const bucket = await createTestBucket()
  const uploads = rememberedIds()
  const store = createS3Store({
    bucket: openBucket(bucket.config, () => new Date()),
    uploads,
    ingestPartUrls,
    goneForMs: 0,
  })
  return {
    store,
    bucket,
    uploads,
    async deliver(asset, number, bytes) {
      const upload = { assetId: asset.id, storeKey: asset.storeKey, filetype: asset.filetype }
      const [url = ''] = await store.partUrls(upload, [{ number, generation: 1, sizeBytes: bytes.length }], new Date())
      const reply = await putPart(url, bytes)
      if (reply.status !== 200) throw new Error(`${reply.status} ${reply.text}`)
    },
    dispose: () => bucket.drop(),
  }
}

describeObjectStore('a bucket', prepare)
