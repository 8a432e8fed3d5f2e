import { maxLinkMessageBytes } from '@rushes/protocol'
import { describe, expect, it } from 'vitest'
import { uploadReports } from './fake-port.ts'
import { startLinkWorld } from './link-world.ts'

describe('a gateway that speaks nonsense', () => {
  it('is borne with twice, logged each time, and left at the third frame', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    session.sendRaw('{"type":"eventsStored","lastSeq":-4}')
    session.sendRaw('{')
    await session.settle()
    expect(world.link.status().state).toBe('online')
    session.sendRaw('[]')
    await world.until('waiting', 'malformedFrames')
    expect(await session.closed).toBe(1002)
    expect(world.log.filter(({ msg }) => msg.includes('a frame that makes no sense'))).toHaveLength(3)
    await world.nextAttempt()
    await world.online()
  })

  it('is left after three binary messages', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    for (let count = 0; count < 3; count += 1) session.sendRaw(Buffer.from('{"type":"sendSnapshot"}'))
    await world.until('waiting', 'malformedFrames')
  })

  it('is left after three frames before the welcome, and none of them has an effect', async () => {
    const world = await startLinkWorld()
    const session = await world.gateway.nextSession()
    await session.nextOf('hello')
    for (let count = 0; count < 3; count += 1) session.send({ type: 'sendSnapshot' })
    await world.until('waiting', 'malformedFrames')
    expect(world.port.reads.uploads).toBe(0)
  })

  it('is left after three more welcomes', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    for (let count = 0; count < 3; count += 1) session.sendWelcome()
    await world.until('waiting', 'malformedFrames')
  })

  it('is left at once when a message is larger than 64 KiB', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    session.sendRaw(JSON.stringify({ type: 'sendSnapshot', padding: 'x'.repeat(maxLinkMessageBytes) }))
    await world.until('waiting', 'oversizeFrame')
    await world.nextAttempt()
    await world.online()
  })

  it('is passed over where it says what only newer versions know, and the log tells once', async () => {
    const world = await startLinkWorld()
    const session = await world.online()
    for (let count = 0; count < 20; count += 1) session.sendRaw('{"type":"setClock","at":1}')
    for (let count = 0; count < 500; count += 1) session.sendRaw(`{"type":"new-${count}"}`)
    await session.settle()
    expect(world.link.status().state).toBe('online')
    expect(world.log.filter(({ msg }) => msg.includes('does not know'))).toHaveLength(10)
  })
})

describe('a device whose own database fails', () => {
  it('in the middle of a snapshot gives the connection up and comes back when it is healed', async () => {
    const world = await startLinkWorld({ prepare: (port) => port.setUploads(uploadReports(5_000)) })
    const session = await world.gateway.nextSession()
    await session.nextOf('hello')
    session.sendWelcome()
    await session.nextOf('snapshotUploads')
    world.port.breakWith(Object.assign(new Error('disk I/O error'), { code: 'ERR_SQLITE_ERROR' }))
    await world.until('waiting', 'internalError')
    expect(world.log.find(({ link }) => link === 'waiting')?.detail).toBe('ERR_SQLITE_ERROR')
    expect(world.port.listenerCount()).toBe(0)
    world.port.breakWith(null)
    await session.closed
    await world.nextAttempt()
    await world.online()
  })

  it('when a command comes gives the connection up, and the command is carried out when it comes again', async () => {
    const world = await startLinkWorld()
    const command = {
      type: 'command',
      executionId: '00000000-0000-4000-8000-000000000001',
      commandId: '00000000-0000-4000-8000-000000000002',
      issuedAt: '2026-11-22T12:00:00.000Z',
      expiresAt: null,
      body: { kind: 'holdUploads' },
    } as const
    const first = await world.online()
    world.port.breakWith(new Error('disk I/O error'))
    first.send(command)
    await world.until('waiting', 'internalError')
    world.port.breakWith(null)
    await first.closed
    await world.nextAttempt()
    const second = await world.online()
    second.send(command)
    await second.nextOf('execution')
    await second.settle()
    expect(world.port.effects).toEqual([command.executionId])
  })
})
