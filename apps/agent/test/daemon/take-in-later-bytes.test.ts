import { describe, expect, test } from 'vitest'
import { applyUploadEvent } from '../../src/queue/apply-upload-event.ts'
import { retryUploads } from '../../src/queue/decisions.ts'
import { acknowledgePart, claimPart } from '../../src/queue/part-claims.ts'
import { uploadsInOrder } from '../../src/queue/queue-reports.ts'
import { growing, minute, path, sendHalf, settled, takenIn } from './taken-in-file.ts'

const longer = settled({ sizeBytes: 5_000, modifiedAt: 2 * minute })

/** A take whose recorder only paused, and writes on: told of as capture tells. */
function pausedTake() {
  const device = takenIn()
  const { queue, listener } = device
  const writeOn = () => {
    const { watchFolder, identity } = longer
    listener.onChanged({
      ...{ path, relativePath: 'A001.mov', watchFolder, sizeBytes: 5_000, volumeId: identity.volumeId },
      change: 'written',
    })
    listener.onGrowing({ ...growing(5_000), sawBegin: false })
  }
  const clips = () => uploadsInOrder(queue, 0, 10).map(({ state, sizeBytes }) => [state.kind, sizeBytes])
  return { ...device, writeOn, clips, rest: () => listener.onSettled(longer) }
}

describe('a take that its recorder writes on to after the settle time has ended it', () => {
  test('waits for its end and goes up as one clip, while it has no asset', () => {
    const { writeOn, rest, clips } = pausedTake()
    writeOn()
    expect(clips()).toEqual([['growing', 2_000]])
    rest()
    expect(clips()).toEqual([['queued', 5_000]])
  })

  test('has failed where it is on its way, and goes up as it is by a retry', () => {
    const { queue, id, writeOn, rest, clips, state } = pausedTake()
    sendHalf(queue)
    writeOn()
    rest()
    expect(clips()).toEqual([['failed', 5_000]])
    expect(state()?.state).toMatchObject({ reason: 'sourceChanged', work: null })
    retryUploads(queue, [id])
    expect(clips()).toEqual([['queued', 5_000]])
  })

  test('stays as it is where it has arrived, and is another clip when it rests again', () => {
    const { queue, id, writeOn, rest, clips } = pausedTake()
    sendHalf(queue)
    const last = claimPart(queue)
    if (last === null) throw new Error('there is a part to send')
    acknowledgePart(queue, last, 'fedcba9876543210', false)
    applyUploadEvent(queue, id, { kind: 'custodyOwed' })
    applyUploadEvent(queue, id, { kind: 'custodyAnswered', answer: 'verified' })
    writeOn()
    expect(clips()).toEqual([['verified', 2_000]])
    rest()
    expect(clips()).toEqual([
      ['verified', 2_000],
      ['queued', 5_000],
    ])
    expect(uploadsInOrder(queue, 0, 10).map(({ versionOf }) => versionOf)).toEqual([null, null])
  })
})
