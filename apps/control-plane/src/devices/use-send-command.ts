'use client'
import type { AppRouter } from '@rushes/api'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import type { inferRouterInputs } from '@trpc/server'
import { useApi } from '@/api-client/api-provider.tsx'
import { newId } from '@/api-client/new-id.ts'
import { plural } from '@/format/bytes.ts'
import { tellDone, tellFailure } from '@/ui/toasts.tsx'

export type SentCommand = inferRouterInputs<AppRouter>['commands']['send']['command']

const sentWords: Record<SentCommand['kind'], string> = {
  retryUploads: 'Retry sent',
  clearQueue: 'Clear sent',
  holdUploads: 'Hold sent',
  releaseUploads: 'Release sent',
  unblockUpload: 'Request to offer it again sent',
}

/** Sends a command to devices and says what became of it; each carries it out when it is connected. */
export function useSendCommand() {
  const api = useApi()
  const queries = useQueryClient()
  const send = useMutation(api.commands.send.mutationOptions())
  /** Fails with what the server refused. */
  async function sendCommand(deviceIds: readonly string[], command: SentCommand): Promise<void> {
    const sent = await send.mutateAsync({ commandId: newId(), deviceIds: [...deviceIds], command })
    const skippedCount = sent.kind === 'enqueued' ? sent.skipped.length : 0
    const skipped = skippedCount === 0 ? '' : ` ${plural(skippedCount, 'device')} left out: no control link.`
    const waits = 'A device that is not connected does it when it comes back.'
    tellDone(`${sentWords[command.kind]} to ${plural(sent.executions.length, 'device')}`, `${waits}${skipped}`)
    await Promise.all([
      queries.invalidateQueries({ queryKey: api.commands.pathKey() }),
      queries.invalidateQueries({ queryKey: api.devices.pathKey() }),
      queries.invalidateQueries({ queryKey: api.fleet.pathKey() }),
    ])
  }
  return {
    isSending: send.isPending,
    send: sendCommand,
    /** The same for a button: a refusal is told beside the page. */
    press: (deviceIds: readonly string[], command: SentCommand) => sendCommand(deviceIds, command).catch(tellFailure),
  }
}
