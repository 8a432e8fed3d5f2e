'use client'
import type { CommandPreview, PreviewKind } from '@rushes/fleet'
import { useQuery } from '@tanstack/react-query'
import { CircleDot, WifiOff } from 'lucide-react'
import { useApi } from '@/api-client/api-provider.tsx'
import { formatBytes, plural } from '@/format/bytes.ts'
import { FailureNotice } from '@/ui/failure.tsx'
import { Age } from '@/ui/time.tsx'

/** What a command would touch, device by device; asked again while the dialog is open. */
export function usePreview(kind: PreviewKind, deviceIds: readonly string[], isOpen: boolean) {
  const api = useApi()
  return useQuery({
    ...api.fleet.preview.queryOptions({ kind, deviceIds: [...deviceIds] }),
    enabled: isOpen && deviceIds.length > 0,
    refetchInterval: 5_000,
  })
}

const touchedWords: Record<PreviewKind, string> = {
  retryUploads: 'to try again',
  clearQueue: 'to be cleared',
  assignProject: 'to be cleared',
  holdUploads: 'to wait',
  releaseUploads: 'to go up',
  unblockUpload: 'captured in a pause',
}

const maxShown = 8

export function PreviewList({ kind, preview }: { kind: PreviewKind; preview: ReturnType<typeof usePreview> }) {
  if (preview.error !== null) return <FailureNotice error={preview.error} onRetry={() => void preview.refetch()} />
  if (preview.data === undefined)
    return <div className="skeleton h-20" role="status" aria-label="Counting what this touches" />
  const { devices, total, unreachableDeviceIds } = preview.data
  return (
    <section aria-label="What this touches" className="rounded-md border border-line">
      <p className="border-b border-line px-3 py-2 font-medium">
        {plural(total.clipCount, 'clip')} {touchedWords[kind]}
        {total.byteCount > 0 && <span className="text-ink-2"> · {formatBytes(total.byteCount)} not uploaded</span>}
      </p>
      <ul>
        {devices.slice(0, maxShown).map((device) => (
          <PreviewRow key={device.deviceId} device={device} />
        ))}
      </ul>
      {devices.length > maxShown && (
        <p className="px-3 py-1.5 text-sm text-ink-2">and {plural(devices.length - maxShown, 'more device')}</p>
      )}
      {unreachableDeviceIds.length > 0 && (
        <p className="border-t border-line px-3 py-1.5 text-sm text-ink-2">
          {plural(unreachableDeviceIds.length, 'device')} left out: this does not reach{' '}
          {unreachableDeviceIds.length === 1 ? 'it' : 'them'}.
        </p>
      )}
    </section>
  )
}

function PreviewRow({ device }: { device: CommandPreview['devices'][number] }) {
  return (
    <li className="flex flex-wrap items-center gap-x-2 px-3 py-1.5 text-sm">
      {device.isOnline ? (
        <CircleDot aria-label="Online" className="size-3.5 shrink-0 text-ok" />
      ) : (
        <WifiOff aria-label="Offline" className="size-3.5 shrink-0 text-warn" />
      )}
      <span className="min-w-0 flex-1 truncate max-md:min-w-[80%]">{device.name}</span>
      <span className="text-ink-2">
        {plural(device.clipCount, 'clip')}
        {device.byteCount > 0 && ` · ${formatBytes(device.byteCount)}`}
        {device.movingCount > 0 && ` · ${device.movingCount} under way`}
      </span>
      <span className="w-16 text-right text-ink-3">
        {device.asOf === null ? 'unknown' : <Age iso={device.asOf} suffix="old" />}
      </span>
    </li>
  )
}
