import { ShieldAlert } from 'lucide-react'
import Link from 'next/link'
import { unsoundClipsHref } from '@/devices/sentence-action.tsx'
import { plural } from '@/format/bytes.ts'
import { Notice } from '@/ui/notice.tsx'

/** Clips that the device calls home, and that the destination no longer has as they were sent. */
export function UnsoundNotice({ deviceId, clipCount }: { deviceId: string; clipCount: number }) {
  if (clipCount === 0) return null
  return (
    <div className="mb-5">
      <Notice tone="bad" icon={ShieldAlert}>
        {plural(clipCount, 'stored clip')} of this device {clipCount === 1 ? 'is' : 'are'} not as sent, or no longer.
        Keep the originals.{' '}
        <Link href={unsoundClipsHref(deviceId)} className="rounded-sm font-medium underline">
          See {clipCount === 1 ? 'it' : 'them'}
        </Link>
      </Notice>
    </div>
  )
}
