'use client'
import type { FleetRow } from '@rushes/fleet'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Unlink } from 'lucide-react'
import { useApi } from '@/api-client/api-provider.tsx'
import { homeOfRow } from '@/devices/home-of-row.ts'
import { plural } from '@/format/bytes.ts'
import { Notice } from '@/ui/notice.tsx'
import { ReasonDialog } from '@/ui/reason-dialog.tsx'
import { tellDone } from '@/ui/toasts.tsx'

/** Ends the pairing of a device, after saying what that leaves undone. */
export function ForgetDeviceDialog({
  row,
  open,
  onOpenChange,
}: {
  row: FleetRow
  open: boolean
  onOpenChange: (open: boolean) => void
}) {
  const queries = useQueryClient()
  const forget = useMutation(useApi().devices.forget.mutationOptions())
  const home = homeOfRow(row)
  const leftCount = home === null ? null : home.totalCount - home.homeCount
  return (
    <ReasonDialog
      open={open}
      onOpenChange={onOpenChange}
      title={`Forget ${row.name}`}
      description="Its pairing ends at once. What has arrived stays, and so does its history."
      confirmLabel="Forget device"
      look="danger"
      onConfirm={async (reason) => {
        const { closedAssetIds } = await forget.mutateAsync({ deviceId: row.deviceId, reason })
        const closed = closedAssetIds.length
        tellDone(
          `${row.name} is forgotten`,
          closed === 0
            ? undefined
            : `${plural(closed, 'upload')} that ${closed === 1 ? 'was' : 'were'} not whole ended.`,
        )
        await queries.invalidateQueries()
      }}
    >
      <Notice tone="bad" icon={Unlink}>
        {leftCount === null
          ? 'What it has not sent yet is not known here, and stays on it.'
          : leftCount === 0
            ? 'By its last report everything that it has captured is home.'
            : `By its last report ${plural(leftCount, 'clip')} ${leftCount === 1 ? 'is' : 'are'} not home: the files stay on it, and uploads under way are cut off.`}{' '}
        To use it again it has to be <strong className="font-semibold">paired again</strong>, at the device.
      </Notice>
    </ReasonDialog>
  )
}
