import { type Database, runStatement } from '@rushes/db'
import type { FenceStanding } from '../devices/fence.ts'

/** A device that is held, with what decides whether and where it may put clips. */
export type HeldDevice = FenceStanding & {
  id: string
  name: string
  timezone: string | null
  project: { timezone: string; folderBy: 'capture' | 'upload' } | null
}

type Row = FenceStanding & {
  id: string
  name: string
  timezone: string | null
  projectTimezone: string | null
  folderBy: 'capture' | 'upload' | null
}

const statement = (wait: boolean) => `
  select device.id, device.name, device.timezone, device.project_id as "projectId", device.project_epoch as "projectEpoch",
    device.me_read_epoch as "meReadEpoch", device.purge_receipt_epoch as "purgeReceiptEpoch",
    model.is_our_agent as "isOurAgent", project.timezone as "projectTimezone", project.folder_by as "folderBy"
  from unnest($1::uuid[]) asked(id),
    lateral (
      select id, name, timezone, project_id, project_epoch, me_read_epoch, purge_receipt_epoch, model_id
      from devices where id = asked.id and revoked_at is null
      for no key update${wait ? '' : ' skip locked'}
    ) device
    join device_models model on model.id = device.model_id
    left join projects project on project.id = device.project_id`
const waiting = statement(true)
const skipping = statement(false)

/**
 * Locks the rows of devices to the end of the transaction: moves and pauses wait. In order of their ids, so that two who lock
 * several never wait for each other. Revoked ones are left out, and without `wait` those that somebody else holds.
 */
export async function holdDevices(
  tx: Database,
  input: { deviceIds: readonly string[]; wait: boolean },
): Promise<Map<string, HeldDevice>> {
  const rows = await runStatement<Row>(tx, input.wait ? waiting : skipping, [input.deviceIds.toSorted()])
  return new Map(
    rows.map(({ projectTimezone, folderBy, ...device }) => [
      device.id,
      {
        ...device,
        project: projectTimezone === null || folderBy === null ? null : { timezone: projectTimezone, folderBy },
      },
    ]),
  )
}
