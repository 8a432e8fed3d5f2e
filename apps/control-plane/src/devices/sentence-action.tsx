'use client'
import { useState } from 'react'
import { useMayOperate } from '@/shell/viewer.tsx'
import { Button, ButtonLink } from '@/ui/button.tsx'
import type { SentenceAction } from '@/words/device-sentence.ts'
import { MoveDialog } from './move-dialog.tsx'
import { useSendCommand } from './use-send-command.ts'

/** The one thing to press that resolves what the sentence says; nothing for those who may not, or where nothing helps. */
export function SentenceActionButton({
  action,
  deviceId,
  deviceName,
}: {
  action: SentenceAction
  deviceId: string
  deviceName: string
}) {
  const mayOperate = useMayOperate()
  const { press, isSending } = useSendCommand()
  const [isMoving, setMoving] = useState(false)
  if (action === null) return null
  if (action === 'seeUnsound')
    return (
      <ButtonLink href={`/uploads?show=attention&device=${deviceId}&custody=mismatch`} size="sm">
        See clips
      </ButtonLink>
    )
  if (!mayOperate) return null
  switch (action) {
    case 'retryFailed':
      return (
        <Button
          size="sm"
          disabled={isSending}
          aria-label={`Retry what failed on ${deviceName}`}
          onClick={() => void press([deviceId], { kind: 'retryUploads', uploadIds: null })}
        >
          Retry
        </Button>
      )
    case 'release':
      return (
        <Button
          size="sm"
          disabled={isSending}
          aria-label={`Release uploads on ${deviceName}`}
          onClick={() => void press([deviceId], { kind: 'releaseUploads', uploadIds: null })}
        >
          Release
        </Button>
      )
    case 'addDevice':
      return (
        <ButtonLink href="/add-device" size="sm">
          Pair again
        </ButtonLink>
      )
    case 'move':
      return (
        <>
          <Button size="sm" aria-label={`Choose a project for ${deviceName}`} onClick={() => setMoving(true)}>
            Choose project
          </Button>
          <MoveDialog deviceIds={[deviceId]} currentProjectId={null} open={isMoving} onOpenChange={setMoving} />
        </>
      )
    default:
      return action satisfies never
  }
}
