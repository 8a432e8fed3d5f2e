import type { CommandBody } from '@rushes/protocol'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { World } from './world.ts'

type Step = (world: World) => void

const bodies: CommandBody[] = [
  { kind: 'holdUploads' },
  { kind: 'clearQueue' },
  { kind: 'retryUploads', uploadIds: null },
]

const named = (name: string, step: Step): Step => Object.assign(step, { toString: () => name })
const take = <Frame>(frames: Frame[], at: number): Frame | undefined =>
  frames.length === 0 ? undefined : frames.splice(at % frames.length, 1)[0]
const peek = <Frame>(frames: Frame[], at: number): Frame | undefined => frames[at % Math.max(1, frames.length)]
const position = fc.nat({ max: 30 })

const ordinaryLife: fc.Arbitrary<Step>[] = [
  fc.constantFrom(...bodies).map((body) => named(`enqueue ${body.kind}`, (world) => world.enqueue(body, null))),
  fc.constant(named('deliver', (world) => world.deliver())),
  fc.constant(named('sweep', (world) => world.sweep())),
  fc.boolean().map((isDone) => named(`work ${isDone}`, (world) => world.work(isDone))),
  position.map((at) =>
    named(`down ${at}`, (world) => {
      const frame = take(world.down, at)
      if (frame !== undefined) world.receiveOnDevice(frame)
    }),
  ),
  position.map((at) =>
    named(`up ${at}`, (world) => {
      const frame = take(world.up, at)
      if (frame !== undefined) world.receiveOnServer(frame)
    }),
  ),
]

const badWire: fc.Arbitrary<Step>[] = [
  position.map((at) =>
    named(`repeat down ${at}`, (world) => {
      const frame = peek(world.down, at)
      if (frame !== undefined) world.receiveOnDevice(frame)
    }),
  ),
  position.map((at) =>
    named(`repeat up ${at}`, (world) => {
      const frame = peek(world.up, at)
      if (frame !== undefined) world.receiveOnServer(frame)
    }),
  ),
  position.map((at) => named(`lose down ${at}`, (world) => void take(world.down, at))),
  position.map((at) => named(`lose up ${at}`, (world) => void take(world.up, at))),
  fc.constant(named('disconnect', (world) => world.disconnect())),
  fc.constant(named('reconnect', (world) => world.reconnect())),
  fc.constant(named('restart device', (world) => world.restartDevice())),
]

const people: fc.Arbitrary<Step>[] = [
  position.map((at) => named(`call off ${at}`, (world) => world.callOff(`${at}`))),
  fc
    .nat({ max: 9 })
    .map((epoch) =>
      named(`assign ${epoch}`, (world) =>
        world.enqueue({ kind: 'assignProject', projectId: null, projectName: null, projectEpoch: epoch + 1 }, null),
      ),
    ),
]

const time: fc.Arbitrary<Step>[] = [
  fc.constantFrom(...bodies).map((body) => named(`enqueue short ${body.kind}`, (world) => world.enqueue(body, 5_000))),
  fc.constantFrom(1_000, 130_000, 2_000_000).map((ms) =>
    named(`wait ${ms}`, (world) => {
      world.nowMs += ms
    }),
  ),
]

const scenario = (...steps: fc.Arbitrary<Step>[]) =>
  fc.array(fc.oneof(...steps), { minLength: 10, maxLength: 100, size: 'max' })

function live(steps: Step[]): World {
  const world = new World()
  for (const step of steps) {
    step(world)
    expect(new Set(world.effects).size, 'a command was carried out twice').toBe(world.effects.length)
  }
  return world
}

test('whatever is lost, repeated, out of order or restarted, each command is carried out exactly once when the device returns', () => {
  fc.assert(
    fc.property(scenario(...ordinaryLife, ...badWire), (steps) => {
      const world = live(steps)
      world.calmDown()
      expect(world.openCount()).toBe(0)
      const ids = [...world.executions.keys()]
      expect([...world.effects].sort()).toEqual([...ids].sort())
      for (const execution of world.executions.values()) expect(execution.state.kind).toBe('succeeded')
    }),
    { numRuns: 500 },
  )
})

test('with expiry, cancelling and moves in between, the final state says truly whether it was carried out', () => {
  fc.assert(
    fc.property(scenario(...ordinaryLife, ...badWire, ...people, ...time), (steps) => {
      const world = live(steps)
      world.calmDown()
      expect(world.openCount()).toBe(0)
      for (const [id, { state }] of world.executions) {
        const wasCarriedOut = world.effects.includes(id)
        if (state.kind === 'succeeded') expect(wasCarriedOut).toBe(true)
        else if ('lateResult' in state) expect(wasCarriedOut).toBe(state.lateResult !== null)
        else expect.fail(`no device here fails: ${state.kind}`)
      }
    }),
    { numRuns: 500 },
  )
})

test('destructive commands that succeed were carried out in the order in which they were given', () => {
  fc.assert(
    fc.property(scenario(...ordinaryLife, ...badWire, ...people, ...time), (steps) => {
      const world = live(steps)
      world.calmDown()
      const order = world.effects.filter((id) => {
        const execution = world.executions.get(id)
        return execution?.lane === 'destructive' && execution.state.kind === 'succeeded'
      })
      expect(order).toEqual([...order].sort((a, b) => Number(a) - Number(b)))
    }),
    { numRuns: 500 },
  )
})
