'use client'
import { type ReactNode, useState } from 'react'
import { Button, type ButtonLook } from './button.tsx'
import { Dialog } from './dialog.tsx'
import { FailureNotice } from './failure.tsx'
import { TextArea, TextField } from './field.tsx'

/**
 * Asks before something that cannot be taken back: shows what it touches, takes a reason, and over several devices the count.
 * Closes by itself when `onConfirm` has succeeded; a failure stays in it, with what was typed.
 */
export function ReasonDialog({
  open,
  onOpenChange,
  title,
  description,
  children,
  confirmLabel,
  look = 'primary',
  isReasonNeeded = true,
  countToType,
  isReady = true,
  onConfirm,
}: {
  open: boolean
  onOpenChange: (open: boolean) => void
  title: string
  description?: ReactNode
  /** The preview. */
  children?: ReactNode
  confirmLabel: string
  look?: ButtonLook
  isReasonNeeded?: boolean
  /** What must be typed before it runs; absent: nothing. */
  countToType?: number
  /** False while the preview is not there yet. */
  isReady?: boolean
  onConfirm: (reason: string) => Promise<unknown>
}) {
  return (
    <Dialog open={open} onOpenChange={onOpenChange} title={title} description={description}>
      {/* Mounted anew each time, so that no reason of an earlier one is left in it. */}
      <Form
        {...{ children, confirmLabel, look, isReasonNeeded, isReady, onConfirm }}
        {...(countToType === undefined ? {} : { countToType })}
        onDone={() => onOpenChange(false)}
      />
    </Dialog>
  )
}

function Form({
  children,
  confirmLabel,
  look,
  isReasonNeeded,
  countToType,
  isReady,
  onConfirm,
  onDone,
}: {
  children?: ReactNode
  confirmLabel: string
  look: ButtonLook
  isReasonNeeded: boolean
  countToType?: number
  isReady: boolean
  onConfirm: (reason: string) => Promise<unknown>
  onDone: () => void
}) {
  const [reason, setReason] = useState('')
  const [typedCount, setTypedCount] = useState('')
  const [failure, setFailure] = useState<unknown>(null)
  const [isRunning, setRunning] = useState(false)
  const isCounted = countToType === undefined || typedCount.trim() === String(countToType)
  const isComplete = isReady && isCounted && (!isReasonNeeded || reason.trim() !== '')
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={async (event) => {
        event.preventDefault()
        if (!isComplete || isRunning) return
        setRunning(true)
        setFailure(null)
        try {
          await onConfirm(reason.trim())
          onDone()
        } catch (error) {
          setFailure(error) // shown below; the person decides what to do about it
          setRunning(false)
        }
      }}
    >
      {children}
      {isReasonNeeded && (
        <TextArea
          label="Reason"
          hint="Kept in the activity, for those who ask later."
          value={reason}
          onChange={(event) => setReason(event.target.value)}
          maxLength={500}
          required
        />
      )}
      {countToType !== undefined && (
        <TextField
          label={`Type ${countToType} to confirm`}
          inputMode="numeric"
          autoComplete="off"
          value={typedCount}
          onChange={(event) => setTypedCount(event.target.value)}
        />
      )}
      {failure !== null && <FailureNotice error={failure} />}
      <div className="flex justify-end gap-2 max-md:flex-col-reverse">
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look={look} disabled={!isComplete || isRunning}>
          {confirmLabel}
        </Button>
      </div>
    </form>
  )
}
