import type { FleetMessage, LiveFleetRow } from '@rushes/api'
import type { LiveReader } from './live-reader.ts'
import { until } from './until.ts'

/** The rows as a page holds them: what it does with each message. */
export class FleetView {
  readonly rows = new Map<string, LiveFleetRow>()
  private readonly reader: LiveReader<FleetMessage>

  constructor(reader: LiveReader<FleetMessage>) {
    this.reader = reader
  }

  /** Waits until the row of a device is as it should be; `undefined` when the fleet has no such row. */
  async until(what: string, deviceId: string, fits: (row: LiveFleetRow | undefined) => boolean): Promise<void> {
    await until(what, () => {
      this.takeIn()
      return fits(this.rows.get(deviceId))
    })
  }

  private takeIn(): void {
    for (const { message } of this.reader.events.splice(0)) {
      if (message.type === 'snapshot') for (const row of message.rows) this.rows.set(row.deviceId, row)
      if (message.type !== 'changes') continue
      for (const delta of message.rows) {
        const before = this.rows.get(delta.deviceId)
        this.rows.set(delta.deviceId, before === undefined ? wholeRow(delta) : { ...before, ...delta })
      }
      for (const deviceId of message.removedDeviceIds) this.rows.delete(deviceId)
    }
  }
}

/** A device that the table has not seen comes with all its fields. */
function wholeRow(delta: Extract<FleetMessage, { type: 'changes' }>['rows'][number]): LiveFleetRow {
  const { name, modelName, isOurAgent, pairedAt, project, foreign, fence, presence, sharingPause, report } = delta
  const { unsound, openExecutionCount, agentVersion, hostname, platform, changedAt, lastCallAt, progress, deviceId } =
    delta
  const whole = {
    ...{ deviceId, name, modelName, isOurAgent, pairedAt, project, foreign, fence, presence, sharingPause, report },
    ...{ unsound, openExecutionCount, agentVersion, hostname, platform, changedAt, lastCallAt, progress },
  }
  if (!isWhole(whole)) throw new Error(`a new row came without some of its fields: ${JSON.stringify(delta)}`)
  return whole
}

function isWhole(row: { [Key in keyof LiveFleetRow]: LiveFleetRow[Key] | undefined }): row is LiveFleetRow {
  return Object.values(row).every((value) => value !== undefined)
}
