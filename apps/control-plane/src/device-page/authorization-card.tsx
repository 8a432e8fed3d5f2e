'use client'
import type { LiveFleetRow } from '@rushes/api'
import type { DeviceDetail, FleetRow } from '@rushes/fleet'
import { KeyRound, Unlink } from 'lucide-react'
import { useState } from 'react'
import { useIsAdmin } from '@/shell/viewer.tsx'
import { Button } from '@/ui/button.tsx'
import { Card, None } from '@/ui/card.tsx'
import { Notice } from '@/ui/notice.tsx'
import { Instant } from '@/ui/time.tsx'
import { useNowMs } from '@/ui/use-now.ts'
import { AuthorizationEndDialog } from './authorization-end-dialog.tsx'
import { ForgetDeviceDialog } from './forget-device-dialog.tsx'

/** Until when the device may act, and the end of its pairing. */
export function AuthorizationCard({ row, detail }: { row: FleetRow | LiveFleetRow; detail: DeviceDetail | null }) {
  const isAdmin = useIsAdmin()
  const [dialog, setDialog] = useState<'end' | 'forget' | null>(null)
  const isPaired = row.presence.state !== 'revoked'
  const close = (open: boolean) => {
    if (!open) setDialog(null)
  }
  return (
    <Card title="Authorization">
      <div className="flex flex-col gap-3 px-4 py-3">
        {isPaired ? (
          detail === null ? (
            <span className="skeleton h-5 w-48" />
          ) : (
            <End at={detail.authorizationExpiresAt} />
          )
        ) : (
          <None>none: it has no pairing any more</None>
        )}
        {isAdmin && isPaired && (
          <div className="flex flex-wrap gap-2">
            <Button size="sm" disabled={detail === null} onClick={() => setDialog('end')}>
              <KeyRound aria-hidden />
              {detail?.authorizationExpiresAt == null ? 'Set an end…' : 'Change the end…'}
            </Button>
            <Button size="sm" look="dangerQuiet" onClick={() => setDialog('forget')}>
              <Unlink aria-hidden />
              Forget device…
            </Button>
          </div>
        )}
      </div>
      <ForgetDeviceDialog row={row} open={dialog === 'forget'} onOpenChange={close} />
      <AuthorizationEndDialog
        device={{ id: row.deviceId, name: row.name }}
        endsAt={detail?.authorizationExpiresAt ?? null}
        open={dialog === 'end'}
        onOpenChange={close}
      />
    </Card>
  )
}

function End({ at }: { at: string | null }) {
  const nowMs = useNowMs()
  if (at === null) return <p className="text-ink-2">It may act for as long as it is paired.</p>
  if (nowMs === null || Date.parse(at) > nowMs)
    return (
      <p>
        It may act until <Instant iso={at} />.
      </p>
    )
  return (
    <Notice tone="warn" icon={KeyRound}>
      It may not act any more since <Instant iso={at} />. What it captures stays on it. Move the end to let it go on, or
      pair it again.
    </Notice>
  )
}
