import { z } from 'zod'

/** Pieces that several procedures take. */

/** PostgreSQL's text holds every character but NUL. */
const text = z.string().refine((value) => !value.includes('\0'), 'has a character that cannot be kept')

export const search = text.max(200).optional()
export const reason = text.trim().min(1).max(500)
export const pageLimit = z.number().int().min(1).max(200).default(100)
export const deviceIds = z.array(z.uuid()).min(1).max(1_000)
