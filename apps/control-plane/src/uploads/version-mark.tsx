import type { ListedClip } from '@rushes/fleet'
import Link from 'next/link'

/** Which version of what a clip is, where its device said so. */
export function VersionMark({ row: { versionOf, newerVersion } }: { row: ListedClip }) {
  if (versionOf === null && newerVersion === null) return null
  return (
    <p className="truncate text-sm text-ink-2">
      {newerVersion !== null && (
        <Link href={`/clips/${newerVersion.assetId}`} prefetch={false} className="hover:underline">
          newer version: {newerVersion.name}
        </Link>
      )}
      {newerVersion !== null && versionOf !== null && ' · '}
      {versionOf !== null && (
        <Link href={`/clips/${versionOf.assetId}`} prefetch={false} className="hover:underline">
          version of {versionOf.name}
        </Link>
      )}
    </p>
  )
}
