'use client'
import type { CommandDetail } from '@rushes/fleet'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { plural } from '@/format/bytes.ts'
import { useRefreshOnChange } from '@/live/live-provider.tsx'
import { useMayOperate } from '@/shell/viewer.tsx'
import { Button } from '@/ui/button.tsx'
import { Card, Fact, Facts, None } from '@/ui/card.tsx'
import { TableSkeleton } from '@/ui/data-table.tsx'
import { FailureNotice } from '@/ui/failure.tsx'
import { PageHeader } from '@/ui/page-header.tsx'
import { ReasonDialog } from '@/ui/reason-dialog.tsx'
import { StatePill } from '@/ui/state-mark.tsx'
import { Instant } from '@/ui/time.tsx'
import { tellDone } from '@/ui/toasts.tsx'
import { describeCommand } from '@/words/command-words.ts'
import { wordsForCommand } from './command-state.ts'
import { ExecutionList } from './execution-list.tsx'
import { RollUpBar } from './roll-up-bar.tsx'

const trail = [{ href: '/commands', label: 'Commands' }]
const openRefreshMs = 2_000

export function CommandPage({ commandId }: { commandId: string }) {
  const api = useApi()
  const mayOperate = useMayOperate()
  const [isCancelling, setCancelling] = useState(false)
  const query = useQuery(
    api.commands.get.queryOptions(
      { commandId },
      {
        refetchInterval: ({ state }) =>
          state.data !== undefined && state.data.rollUp.openCount > 0 ? openRefreshMs : false,
      },
    ),
  )
  useRefreshOnChange([api.commands.get.pathKey()])
  const command = query.data
  if (command === undefined)
    return (
      <>
        <PageHeader
          title={query.isError ? 'Command' : <span className="skeleton inline-block h-6 w-56" />}
          trail={trail}
        />
        {query.isError ? (
          <FailureNotice error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <TableSkeleton rowCount={3} />
        )}
      </>
    )
  const isMove = command.body.kind === 'assignProject'
  return (
    <>
      <PageHeader
        title={describeCommand(command.body)}
        trail={trail}
        marks={<StatePill words={wordsForCommand(command)} />}
        actions={
          mayOperate &&
          command.state === 'active' &&
          !isMove && (
            <Button look="dangerQuiet" onClick={() => setCancelling(true)}>
              Cancel command…
            </Button>
          )
        }
      />
      {query.isError && (
        <div className="pb-4">
          <FailureNotice error={query.error} onRetry={() => void query.refetch()} />
        </div>
      )}
      <div className="flex flex-col gap-4">
        <Card title="About">
          <div className="grid md:grid-cols-2">
            <Facts>
              <Fact name="Devices">
                <RollUpBar rollUp={command.rollUp} />
              </Fact>
              <Fact name="Reason">{command.reason ?? <None>none given</None>}</Fact>
              <Fact name="By">{command.issuedBy}</Fact>
            </Facts>
            <Facts>
              <Fact name="Sent">
                <Instant iso={command.createdAt} />
              </Fact>
              <Fact name="Ended">
                {command.finalizedAt === null ? <None>not yet</None> : <Instant iso={command.finalizedAt} />}
              </Fact>
              <Fact name="Expires">
                {command.expiresAt === null ? (
                  <None>never: a device is told whenever it comes back</None>
                ) : (
                  <Instant iso={command.expiresAt} />
                )}
              </Fact>
            </Facts>
          </div>
          {isMove && command.rollUp.openCount > 0 && (
            <p className="border-t border-line px-4 py-2.5 text-ink-2">
              A move has happened already when its command is sent, so it cannot be cancelled. To undo it, move the
              device back.
            </p>
          )}
        </Card>
        <ExecutionList executions={command.executions} />
      </div>
      <CancelDialog command={command} open={isCancelling} onOpenChange={setCancelling} />
    </>
  )
}

/** Says what calling a command off can still prevent, and what not. */
function CancelDialog({
  command,
  open,
  onOpenChange,
}: {
  command: CommandDetail
  open: boolean
  onOpenChange: (open: boolean) => void
}) {
  const queries = useQueryClient()
  const cancel = useMutation(useApi().commands.cancel.mutationOptions())
  const { queued, delivered, acknowledged, running } = command.rollUp.counts
  return (
    <ReasonDialog
      open={open}
      onOpenChange={onOpenChange}
      title={`Cancel “${describeCommand(command.body)}”`}
      description="Devices that have not begun will not. What a device has begun it finishes; what is done stays done."
      confirmLabel="Cancel command"
      look="danger"
      onConfirm={async (reason) => {
        const { cancelledCount, toldCount } = await cancel.mutateAsync({ commandId: command.commandId, reason })
        tellDone(
          `Called off for ${plural(cancelledCount, 'device')}`,
          toldCount > 0
            ? `${plural(toldCount, 'device')} had it already and ${toldCount === 1 ? 'is' : 'are'} told.`
            : undefined,
        )
        void queries.invalidateQueries()
      }}
    >
      <ul className="list-disc pl-5 text-ink-2">
        <li>{plural(queued, 'device')} did not get it yet</li>
        <li>
          {plural(delivered + acknowledged, 'device')} {delivered + acknowledged === 1 ? 'has' : 'have'} it and may not
          have begun
        </li>
        <li>
          {plural(running, 'device')} {running === 1 ? 'is' : 'are'} at it
        </li>
      </ul>
    </ReasonDialog>
  )
}
