'use client'
import { Toast } from '@base-ui/react/toast'
import { CircleAlert, CircleCheck, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { buttonClass, IconButton } from './button.tsx'
import { failureWords } from './failure.tsx'

const manager = Toast.createToastManager()

/** Says that something was done. */
export function tellDone(title: string, description?: string): void {
  manager.add({ type: 'done', title, timeout: 6_000, ...(description === undefined ? {} : { description }) })
}

/** Says that something was done, with the way to take it back; stays long enough to be reached by keyboard. */
export function tellUndoable(title: string, description: string, undo: () => void): void {
  const id = manager.add({
    type: 'done',
    title,
    description,
    timeout: 15_000,
    actionProps: {
      children: 'Undo',
      onClick: () => {
        manager.close(id)
        undo()
      },
    },
  })
}

/** Says that something was not done, why, and what to do; stays until it is closed. */
export function tellFailure(error: unknown): void {
  const { message, hint, requestId } = failureWords(error)
  const description = requestId === null ? hint : `${hint} ${requestId}`
  manager.add({ type: 'failed', title: message, description, timeout: 0, priority: 'high' })
}

export function Toasts({ children }: { children: ReactNode }) {
  return (
    <Toast.Provider toastManager={manager} limit={4}>
      {children}
      <Toast.Portal>
        <Toast.Viewport className="fixed right-4 bottom-4 z-60 flex w-80 flex-col gap-2 outline-none max-md:inset-x-4 max-md:bottom-20 max-md:w-auto">
          <ToastList />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  )
}

function ToastList() {
  const { toasts } = Toast.useToastManager()
  return toasts.map((toast) => (
    <Toast.Root
      key={toast.id}
      toast={toast}
      className="floats rounded-md border border-line bg-raised shadow-floating data-[limited]:hidden"
    >
      <Toast.Content className="flex items-start gap-2 p-3">
        {toast.type === 'failed' ? (
          <CircleAlert aria-hidden className="mt-0.5 size-4 shrink-0 text-bad" />
        ) : (
          <CircleCheck aria-hidden className="mt-0.5 size-4 shrink-0 text-ok" />
        )}
        <div className="min-w-0 flex-1">
          <Toast.Title className="text-base font-medium" />
          <Toast.Description className="text-sm text-ink-2" />
        </div>
        <Toast.Action className={buttonClass('plain', 'sm')} />
        <Toast.Close
          render={
            <IconButton label="Dismiss">
              <X />
            </IconButton>
          }
        />
      </Toast.Content>
    </Toast.Root>
  ))
}
