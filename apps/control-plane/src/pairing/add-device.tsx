'use client'
import { useState } from 'react'
import { useMayOperate } from '@/shell/viewer.tsx'
import { Card } from '@/ui/card.tsx'
import { Notice } from '@/ui/notice.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { ApproveForm } from './approve-form.tsx'
import { HowToPair } from './how-to-pair.tsx'
import { WaitingDevices } from './waiting-devices.tsx'

/** Lets a device in: the code that it shows, and the project that its footage goes into. */
export function AddDevice({
  publicUrl,
  initialCode,
  initialProjectId,
}: {
  publicUrl: string
  initialCode: string
  initialProjectId: string
}) {
  const mayOperate = useMayOperate()
  // A finished approval leaves an empty form for the next device.
  const [round, setRound] = useState(0)
  return (
    <>
      <PageHeader title="Add device" trail={[{ href: '/fleet', label: 'Fleet' }]} />
      <div className="grid max-w-5xl items-start gap-4 lg:grid-cols-[minmax(0,1fr)_minmax(0,1fr)]">
        <Card title="Enter the code">
          <div className="p-4">
            {mayOperate ? (
              <ApproveForm
                key={round}
                initialCode={round === 0 ? initialCode : ''}
                initialProjectId={initialProjectId}
                onAgain={() => setRound(round + 1)}
              />
            ) : (
              <Notice tone="mute">Letting devices in takes the role operator. Ask an admin for it.</Notice>
            )}
          </div>
        </Card>
        <div className="flex flex-col gap-4">
          {mayOperate && <WaitingDevices />}
          <HowToPair publicUrl={publicUrl} />
        </div>
      </div>
    </>
  )
}
