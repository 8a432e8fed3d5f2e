import { expect, test } from 'vitest'
import { createLinkPort } from '../../src/daemon/create-link-port.ts'
import { readDeviceStatus } from '../../src/daemon/device-status.ts'
import { applyUploadEvent } from '../../src/queue/apply-upload-event.ts'
import { createInFlight } from '../../src/upload/in-flight.ts'
import { addClip, testQueue } from '../queue/test-queue.ts'

test('the summary is told anew whenever a clip comes or changes its state, since it counts clips by state', () => {
  const { queue } = testQueue()
  const port = createLinkPort({
    queue,
    inFlight: createInFlight(
      () => 0,
      () => {},
    ),
    status: () => readDeviceStatus(queue, null),
    runCommand: () => Promise.reject(new Error('no command is run here')),
  })
  const told: unknown[] = []
  const unsubscribe = port.onStatusChanged(() => told.push(port.status().counts))

  const upload = addClip(queue)
  expect(told.at(-1)).toEqual({ queued: 1 })
  applyUploadEvent(queue, upload.id, { kind: 'cancelled', reason: 'cancelledOnDevice' })
  expect(told.at(-1)).toEqual({ cancelled: 1 })

  unsubscribe()
  const toldBefore = told.length
  addClip(queue)
  expect(told).toHaveLength(toldBefore)
})
