import type { Database } from '@rushes/db'
import { type ChangePoll, changedDevices, devicesConnectedTo, type Wake } from '@rushes/fleet'
import type { DeviceStatus } from '@rushes/protocol'
import type { Logger } from 'pino'
import { DeviceChannel } from './device-channel.ts'
import { DeviceMemory } from './device-memory.ts'
import { FleetChannel } from './fleet-channel.ts'
import { KeptWarm } from './kept-warm.ts'
import type { LiveNews, ProgressNews } from './live-news.ts'

/** What devices tell reaches browsers at most this often; news of a change in the database does not wait for its turn, but comes no more often either. */
const flushEveryMs = 250
/** What a lost wake-up costs at most. */
const pollEveryMs = 1_000
/** Rows are stamped before their transaction commits; so we look back a little further than we looked last. */
const lookBackMs = 5_000
const keepWarmMs = 60_000

/**
 * Holds what browsers look at, current within a fraction of a second: told by the sessions of this process, by the bus, and by a
 * poll for what both missed. With nobody looking it remembers the devices' last words and does nothing else.
 */
export class LiveHub implements LiveNews {
  readonly fleet: KeptWarm<FleetChannel>
  private readonly devices = new Map<string, KeptWarm<DeviceChannel>>()
  private readonly memory = new DeviceMemory()
  private readonly db: Database
  private readonly log: Logger
  private readonly now: () => Date
  private readonly flushTimer: NodeJS.Timeout
  private readonly pollTimer: NodeJS.Timeout
  private newsFlushedAtMs = Number.NEGATIVE_INFINITY
  private isFlushing = false
  private isPolling = false
  private lastPoll: ChangePoll | null = null
  /** Of each changed device the stamp that was seen last. */
  private readonly seenChanges = new Map<string, number>()
  private polledAtMs = 0
  private isFailing = false

  constructor(options: { db: Database; log: Logger; now: () => Date }) {
    this.db = options.db
    this.log = options.log
    this.now = options.now
    this.fleet = new KeptWarm({
      keepMs: keepWarmMs,
      onCold: () => undefined,
      make: async () => {
        // The poll goes on from before the rows are read, so it finds what changes while they are.
        this.lastPoll ??= await this.lookAtAll()
        const channel = new FleetChannel(this.db, this.memory)
        await channel.load()
        return channel
      },
    })
    this.flushTimer = setInterval(() => void this.flush(), flushEveryMs)
    this.pollTimer = setInterval(() => void this.poll(), pollEveryMs)
  }

  device(deviceId: string): KeptWarm<DeviceChannel> {
    const known = this.devices.get(deviceId)
    if (known !== undefined) return known
    const { db, memory } = this
    const kept = new KeptWarm({
      keepMs: keepWarmMs,
      onCold: () => this.devices.delete(deviceId),
      make: async () => new DeviceChannel({ db, memory, deviceId, now: this.now() }),
    })
    this.devices.set(deviceId, kept)
    return kept
  }

  /** Whether what the channels hold is known to be true now: the database has been heard a moment ago. */
  get isFresh(): boolean {
    return !this.isFailing && this.now().getTime() - this.polledAtMs < 3 * pollEveryMs
  }

  deviceChanged(deviceId: string): void {
    this.fleet.current?.markDirty([deviceId])
    this.channelOf(deviceId)?.rowChanged()
  }

  uploadsChanged(deviceId: string, uploadIds: readonly string[]): void {
    this.channelOf(deviceId)?.uploadsChanged(uploadIds)
  }

  executionsChanged(deviceId: string): void {
    this.deviceChanged(deviceId)
    this.channelOf(deviceId)?.executionsChanged()
  }

  eventsAdded(deviceId: string): void {
    this.channelOf(deviceId)?.eventsAdded()
  }

  status(deviceId: string, status: DeviceStatus | null): void {
    this.memory.setStatus(deviceId, status, this.now().getTime())
    this.touched(deviceId)
  }

  progress(deviceId: string, progress: ProgressNews | null): void {
    this.memory.setProgress(deviceId, progress, this.now().getTime())
    this.touched(deviceId)
  }

  heard(wake: Wake): void {
    const fleet = this.fleet.current
    if (wake.everything === true) fleet?.markAllDirty()
    fleet?.markDirty(wake.deviceIds ?? [])
    for (const projectId of wake.projectIds ?? []) fleet?.markProjectDirty(projectId)
    const woken = wake.everything === true ? this.devices.keys() : (wake.deviceIds ?? [])
    for (const deviceId of woken) this.channelOf(deviceId)?.anythingChanged()
    this.flushNews()
  }

  stop(): void {
    clearInterval(this.flushTimer)
    clearInterval(this.pollTimer)
    this.fleet.drop()
    for (const kept of [...this.devices.values()]) kept.drop()
  }

  private channelOf(deviceId: string): DeviceChannel | null {
    return this.devices.get(deviceId)?.current ?? null
  }

  private touched(deviceId: string): void {
    this.fleet.current?.touch(deviceId)
    this.channelOf(deviceId)?.progressed()
  }

  private get isLookedAt(): boolean {
    return this.fleet.isWarm || this.devices.size > 0
  }

  private flushNews(): void {
    const nowMs = performance.now()
    if (nowMs - this.newsFlushedAtMs < flushEveryMs) return
    this.newsFlushedAtMs = nowMs
    this.flushTimer.refresh()
    void this.flush()
  }

  private async flush(): Promise<void> {
    if (this.isFlushing) return
    this.isFlushing = true
    try {
      for (const deviceId of this.memory.forgetStale(this.now().getTime())) this.touched(deviceId)
      const now = this.now()
      const channels = [...this.devices.values()].flatMap((kept) => kept.current ?? [])
      await Promise.all([this.fleet.current?.refresh(), ...channels.map((channel) => channel.refresh(now))])
      this.recovered()
    } catch (error) {
      this.failed(error)
    } finally {
      this.isFlushing = false
    }
  }

  /** Finds what no wake-up told, and the presence that changes by time alone: a gateway's lease that ran out. */
  private async poll(): Promise<void> {
    if (this.isPolling) return
    if (!this.isLookedAt) {
      this.lastPoll = null
      this.seenChanges.clear()
      return
    }
    this.isPolling = true
    try {
      const { lastPoll } = this
      if (lastPoll === null) this.lastPoll = await this.lookAtAll()
      else {
        const poll = await changedDevices({ db: this.db }, { after: new Date(lastPoll.at.getTime() - lookBackMs) })
        await this.heardGateways(lastPoll.aliveGatewayIds, poll.aliveGatewayIds)
        this.heard({ deviceIds: this.unseen(poll) })
        this.lastPoll = poll
        this.polledAtMs = this.now().getTime()
      }
      this.recovered()
    } catch (error) {
      this.failed(error)
    } finally {
      this.isPolling = false
    }
  }

  /** Where polling begins. */
  private async lookAtAll(): Promise<ChangePoll> {
    const poll = await changedDevices({ db: this.db }, { after: null })
    this.polledAtMs = this.now().getTime()
    return poll
  }

  private async heardGateways(before: readonly string[], after: readonly string[]): Promise<void> {
    const gatewayIds = [...before.filter((id) => !after.includes(id)), ...after.filter((id) => !before.includes(id))]
    if (gatewayIds.length > 0) this.heard({ deviceIds: await devicesConnectedTo({ db: this.db }, { gatewayIds }) })
  }

  /** Those of the poll that have another stamp than at the poll before. */
  private unseen(poll: ChangePoll): string[] {
    const unseen = poll.changed.filter((one) => this.seenChanges.get(one.deviceId) !== one.changedAt.getTime())
    this.seenChanges.clear()
    for (const one of poll.changed) this.seenChanges.set(one.deviceId, one.changedAt.getTime())
    return unseen.map((one) => one.deviceId)
  }

  private failed(error: unknown): void {
    if (!this.isFailing) this.log.warn({ err: error }, 'the live view cannot be brought up to date; trying on')
    this.isFailing = true
  }

  private recovered(): void {
    if (this.isFailing) this.log.info('the live view is up to date again')
    this.isFailing = false
  }
}
