import { unblockReason } from '@rushes/protocol'
import { AgentError } from '../agent-error.ts'
import type { Operations } from '../local-api/operations.ts'
import { type Output, shownBytes } from './output.ts'
import { touch } from './queue-commands.ts'

/** Offers one clip once more that was captured in a pause. Fails when it is not blocked, or no reason is given. */
export async function unblock(
  operations: Operations,
  ids: readonly string[],
  reason: string,
  output: Output,
): Promise<void> {
  const given = unblockReason.safeParse(reason)
  const [id] = ids
  if (id === undefined || ids.length > 1 || !given.success)
    throw new AgentError(
      'MISUSE',
      'a clip that was captured in a pause is released alone, with a reason of at most 500 characters',
      'rushes-agent release ID --reason TEXT',
    )
  const { ids: unblocked } = await operations.unblock({ id, reason: given.data })
  if (unblocked.length === 0)
    throw new AgentError(
      'SERVER_REFUSED',
      `not blocked: ${id}`,
      'rushes-agent list shows the uploads and their states.',
    )
  const words = 'Offered once more; where the pause still covers its time of capture, the destination blocks it again.'
  output.print({ ids: unblocked, reason: given.data }, words)
}

/** Takes back what was cleared; without ids or `all` it only tells how much that would be. Fails when a named one was left as it was. */
export async function restore(
  operations: Operations,
  ids: readonly string[],
  all: boolean,
  output: Output,
): Promise<void> {
  if (ids.length > 0 || all) return touch('restore', operations.restore, ids, all, '--cleared', output)
  const { count, byteCount, elsewhere } = await operations.restorable({})
  output.print({ count, byteCount, elsewhere }, () => {
    const here =
      count === 0
        ? 'Nothing of this project was cleared.'
        : `${count} cleared files of this project, ${shownBytes(byteCount)}, can be taken back: rushes-agent restore --cleared`
    return elsewhere === 0
      ? here
      : `${here}\n${elsewhere} files of other projects stay cleared while the device is in this one.`
  })
}
