import { z } from 'zod'

/** Pieces that several procedures take. */

export const search = z.string().max(200).optional()
export const reason = z.string().trim().min(1).max(500)
export const pageLimit = z.number().int().min(1).max(200).default(100)
export const deviceIds = z.array(z.uuid()).min(1).max(1_000)
