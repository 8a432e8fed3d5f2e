// Loaded into an agent before anything else: a system whose clock is off, as told by its environment.
import { readFileSync } from 'node:fs'
import files from 'node:fs/promises'
import { syncBuiltinESMExports } from 'node:module'

const { CLOCK_STEPS } = process.env

/** A file with how far the clock is ahead since when (in right time): `[[0, aheadMs], [sinceMs, aheadMs]]`. It may grow meanwhile. */
const aheadMsAt = (rightMs) =>
  JSON.parse(readFileSync(CLOCK_STEPS, 'utf8')).findLast(([sinceMs]) => sinceMs <= rightMs)[1]

if (CLOCK_STEPS !== undefined) {
  const right = Date.now
  Date.now = () => right() + aheadMsAt(right())
  // Files get their times from the same clock.
  for (const name of ['stat', 'lstat']) {
    const look = files[name]
    files[name] = async (...given) => shifted(await look(...given))
  }
  const handle = await files.open(new URL(import.meta.url))
  const { prototype } = handle.constructor
  await handle.close()
  const lookAtOpen = prototype.stat
  prototype.stat = async function (...given) {
    return shifted(await lookAtOpen.apply(this, given))
  }
  syncBuiltinESMExports()
}

function shifted(stats) {
  for (const name of ['mtime', 'birthtime', 'ctime']) {
    if (typeof stats[`${name}Ns`] !== 'bigint') continue
    const aheadMs = BigInt(aheadMsAt(Number(stats[`${name}Ms`])))
    stats[`${name}Ns`] += aheadMs * 1_000_000n
    stats[`${name}Ms`] += aheadMs
  }
  return stats
}
