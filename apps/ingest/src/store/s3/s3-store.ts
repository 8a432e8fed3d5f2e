import { DeleteObjectCommand, GetObjectCommand, HeadBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3'
import { getSignedUrl } from '@aws-sdk/s3-request-presigner'
import type { IngestPartUrls } from '../../parts/ingest-part-urls.ts'
import type { ObjectStore } from '../port.ts'
import { StoreAwayError } from '../store-away.ts'
import type { Bucket } from './bucket.ts'
import { createGoneSince } from './gone-since.ts'
import { type ListedPart, listParts } from './list-parts.ts'
import { abortUpload, createUpload, uploadsOf } from './multipart.ts'
import { completeUpload, published } from './publish.ts'
import { signParts } from './sign-parts.ts'
import { openObject } from './stored-object.ts'
import type { UploadIds } from './upload-ids.ts'

/** A store in a bucket: devices send parts to it directly, and it is asked what has come. */
export type S3Store = ObjectStore & {
  /** What the bucket has of an open upload; `none` before addresses were given out, `gone` when somebody ended it. */
  listed(assetId: string): Promise<ListedPart[] | 'none' | 'gone'>
}

export type S3StoreParts = {
  bucket: Bucket
  uploads: UploadIds
  /** Of clips that take no parts any more: repeated parts are compared by this program. */
  ingestPartUrls: IngestPartUrls
  /** An upload of which neither parts nor object are there counts as lost after so long: another instance may be completing it. */
  goneForMs: number
}

const folder = 'clips/'
const derivedFolder = 'derived/'
const playbackSeconds = 15 * 60
const checkMs = 2_000

/** Keys carry the id of the clip alone: names and projects change, and are in the database. */
export function createS3Store({ bucket, uploads, ingestPartUrls, goneForMs }: S3StoreParts): S3Store {
  const keyOf = (assetId: string) => `${folder}${assetId}`
  const gone = createGoneSince(goneForMs)

  /** The id of the multipart upload that takes this clip's parts; null when it takes none any more. */
  const uploadFor = async (assetId: string, filetype: string): Promise<string | null> => {
    const opened = await uploads.open(assetId)
    if (opened.kind === 'ended') return null
    if (opened.uploadId !== null) return opened.uploadId
    const key = keyOf(assetId)
    // Somebody was here before and did not come to write the id down: then the bucket may have it, even several times.
    const left = opened.isNew ? [] : await uploadsOf(bucket, key)
    const made = left[0] ?? (await createUpload(bucket, key, filetype))
    const kept = await uploads.remember(assetId, made)
    // Only now is it sure which one counts: another instance may have been quicker.
    for (const id of new Set([made, ...left])) if (id !== kept) await abortUpload(bucket, key, id)
    return kept
  }

  return {
    uploadKey: keyOf,

    async partUrls(upload, parts, now) {
      const uploadId = await uploadFor(upload.assetId, upload.filetype).catch((cause: unknown) => {
        throw new StoreAwayError(cause)
      })
      if (uploadId === null) return ingestPartUrls(upload, parts, now)
      return signParts(bucket, { key: keyOf(upload.assetId), uploadId, filetype: upload.filetype }, parts, now)
    },

    placeFor: () => null,

    async publish(asset) {
      const upload = await uploads.find(asset.id)
      const uploadId = upload?.uploadId ?? null
      const outcome =
        uploadId === null
          ? await published(bucket, asset.storeKey, asset.sizeBytes)
          : await completeUpload(bucket, asset.storeKey, uploadId, asset)
      if (outcome.kind === 'published') await uploads.forget(asset.id)
      if (outcome.kind !== 'gone') return outcome
      // Whoever completes an upload forgets it when the object is there, so without an id there is nobody to wait for.
      if (uploadId !== null && !gone.longEnough(asset.id)) throw new Error('neither the upload nor its object is there')
      return { kind: 'bytesLost', detail: 'The bucket has neither the parts of this clip nor its object' }
    },

    async discard(assetId) {
      const upload = await uploads.find(assetId)
      if (upload === null) return
      const key = keyOf(assetId)
      const ids = upload.uploadId === null ? await uploadsOf(bucket, key) : [upload.uploadId]
      for (const id of ids)
        if (!(await abortUpload(bucket, key, id))) throw new Error('parts arrived while their upload was ended')
      await uploads.forget(assetId)
    },

    async listed(assetId) {
      const upload = await uploads.find(assetId)
      if (upload === null || upload.uploadId === null) return 'none'
      return (await listParts(bucket, { key: keyOf(assetId), uploadId: upload.uploadId })) ?? 'gone'
    },

    open: (key) => openObject(bucket, key),

    async remove(key) {
      await bucket.client.send(new DeleteObjectCommand({ Bucket: bucket.name, Key: key }))
    },

    playbackUrl(key, shown, now) {
      const command = new GetObjectCommand({
        Bucket: bucket.name,
        Key: key,
        ResponseContentType: shown.contentType,
        ResponseContentDisposition: shown.contentDisposition,
        ResponseCacheControl: 'private, no-store',
      })
      return getSignedUrl(bucket.client, command, {
        expiresIn: playbackSeconds,
        signingDate: bucket.clock.at(now),
      })
    },

    derivedKey: (assetId, name) => `${derivedFolder}${assetId}/${name}`,

    async putDerived(key, bytes) {
      await bucket.client.send(new PutObjectCommand({ Bucket: bucket.name, Key: key, Body: bytes }))
    },

    // Buckets do not tell.
    freeBytes: async () => null,

    async check() {
      const abortSignal = AbortSignal.timeout(checkMs)
      await bucket.client.send(new HeadBucketCommand({ Bucket: bucket.name }), { abortSignal })
    },
  }
}
