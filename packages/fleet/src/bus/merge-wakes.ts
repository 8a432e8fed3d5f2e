import type { Wake } from './wake-payload.ts'

/** Beyond this many ids a merged wake-up says "everything", so that waiting ones never pile up. */
const maxMergedIds = 5_000

/** One wake-up that tells what both do. */
export function mergeWakes(a: Wake, b: Wake): Wake {
  if (a.everything === true || b.everything === true) return { everything: true }
  const deviceIds = [...new Set([...(a.deviceIds ?? []), ...(b.deviceIds ?? [])])]
  const projectIds = [...new Set([...(a.projectIds ?? []), ...(b.projectIds ?? [])])]
  if (deviceIds.length + projectIds.length > maxMergedIds) return { everything: true }
  return {
    ...(deviceIds.length > 0 ? { deviceIds } : {}),
    ...(projectIds.length > 0 ? { projectIds } : {}),
    ...(a.pairing === true || b.pairing === true ? { pairing: true } : {}),
  }
}
