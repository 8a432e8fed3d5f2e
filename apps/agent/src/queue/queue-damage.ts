const sqliteCorrupt = 11
const sqliteNotADatabase = 26

/** Whether a failure says that the queue file itself is damaged. */
export function isQueueDamaged(error: unknown): boolean {
  for (let current = error; current instanceof Error; current = current.cause) {
    if (!('errcode' in current) || typeof current.errcode !== 'number') continue
    const primary = current.errcode & 0xff
    if (primary === sqliteCorrupt || primary === sqliteNotADatabase) return true
  }
  return false
}
