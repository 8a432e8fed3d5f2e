import { S3ServiceException } from '@aws-sdk/client-s3'

/** The code of a bucket's refusal, such as `NoSuchUpload`; null for any other failure. */
export const s3Code = (error: unknown): string | null => (error instanceof S3ServiceException ? error.name : null)

/** No object, or no upload, of this name. A bucket that is gone is a fault and not that. */
export const isAbsent = (error: unknown): boolean =>
  error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404 && error.name !== 'NoSuchBucket'
