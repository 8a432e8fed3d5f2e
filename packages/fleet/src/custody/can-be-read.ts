import { assets } from '@rushes/db'
import { and, eq, inArray, not, type SQL } from 'drizzle-orm'
import { isInTrash } from '../clips/in-trash.ts'

/**
 * Whether a clip's stored bytes can be read anew: it is whole, judged, and nobody wanted it away. One that waits for its first
 * judgement is read for that.
 */
export const canBeRead = (): SQL | undefined =>
  and(
    eq(assets.state, 'available'),
    inArray(assets.custody, ['verified', 'sizeChecked', 'mismatch']),
    not(isInTrash(assets.id)),
  )
