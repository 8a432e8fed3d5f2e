import { expect, test } from 'vitest'
import { readFolderSums } from '../../src/daemon/folder-sums.ts'
import { applyUploadEvent } from '../../src/queue/apply-upload-event.ts'
import type { Queue } from '../../src/queue/open-queue.ts'
import { addClip, testQueue } from '../queue/test-queue.ts'

const place = (queue: Queue, watchFolder: string | null, volumeId: string, sizeBytes: number, isGrowing = false) =>
  addClip(queue, sizeBytes, {
    file: {
      ...{ path: `${watchFolder}/${volumeId}${sizeBytes}.mov`, watchFolder, volumeId, inode: String(sizeBytes) },
      ...{ inodeIsStable: false, sizeBytes, modifiedUs: 1, identityKey: null, statKey: null },
    },
    ...(isGrowing ? { entry: { kind: 'growing' } } : {}),
  })

const volume = (id: string, path: string, present = true) => ({
  ...{ id, path, present, label: id.toUpperCase(), sizeBytes: null, freeBytes: null },
})

test('each card that was at a folder has totals of its own, with the label of those that are there', () => {
  const { queue } = testQueue()
  const home = place(queue, '/media/card', 'card-a', 1_000)
  place(queue, '/media/card', 'card-b', 2_000)
  place(queue, '/media/card', 'card-b', 3_000)
  place(queue, null, 'disk', 4_000)
  applyUploadEvent(queue, home.id, { kind: 'cancelled', reason: 'cancelledOnDevice' })
  const sums = readFolderSums(queue, [volume('card-b', '/media/card')])
  expect(sums.map(({ watchFolder, volumeId, label, counts }) => [watchFolder, volumeId, label, counts])).toEqual([
    [null, 'disk', null, { queued: 1 }],
    ['/media/card', 'card-b', 'CARD-B', { queued: 2 }],
    // Nothing of this one is left to send, so it comes last.
    ['/media/card', 'card-a', null, { cancelled: 1 }],
  ])
  expect(sums[1]?.bytes).toEqual({ captured: 5_000, acknowledged: 0, verified: 0, waiting: 5_000 })
})

test('a file that is still being written counts to the card that is at its folder', () => {
  const { queue } = testQueue()
  place(queue, '/media/card', 'card-a', 1_000)
  place(queue, '/media/card/clips', '', 2_000, true)
  const volumes = [volume('root', '/'), volume('card-a', '/media/card'), volume('old', '/media/card/clips', false)]
  expect(readFolderSums(queue, volumes).map(({ volumeId, counts }) => [volumeId, counts])).toEqual([
    ['card-a', { queued: 1 }],
    ['card-a', { growing: 1 }],
  ])
  expect(readFolderSums(queue, []).map(({ volumeId }) => volumeId)).toEqual(['card-a', ''])
})
