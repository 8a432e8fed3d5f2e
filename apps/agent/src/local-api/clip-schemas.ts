import { uploadReport } from '@rushes/protocol'
import { z } from 'zod'

const xxh64 = z.string().nullable()
const error = z.object({ class: z.string(), code: z.string(), message: z.string(), at: z.iso.datetime() }).nullable()

/** A clip whose file lies below a folder, with what tells whether that is still as it was sent. Instants are milliseconds since 1970. */
const clipBelow = z.object({
  path: z.string(),
  isGrowing: z.boolean(),
  isUploaded: z.boolean(),
  sizeBytes: z.number(),
  modifiedUs: z.number(),
  /** Null where inodes change by themselves. */
  inode: z.string().nullable(),
  capturedAt: z.number().nullable(),
  /** Of the whole file as it was sent; null while it is not known. */
  digest: z.object({ xxh64: z.string(), at: z.number() }).nullable(),
})
export type ClipBelow = z.infer<typeof clipBelow>

const part = z.object({
  ...{ number: z.number(), offset: z.number(), sizeBytes: z.number(), state: z.string(), attempts: z.number() },
  ...{ xxh64, error },
})

const shownUpload = uploadReport.extend({ xxh64, digestedAt: z.iso.datetime().nullable(), parts: z.array(part) })
export type ShownUpload = z.infer<typeof shownUpload>

/** What can be asked about single clips. */
export const clipSchemas = {
  below: {
    input: z.object({ folder: z.string().min(1), afterPath: z.string().nullable(), limit: z.number().max(1_000) }),
    output: z.array(clipBelow),
  },
  /** Null when there is no upload of this id. */
  show: { input: z.object({ id: z.string() }), output: shownUpload.nullable() },
} as const
