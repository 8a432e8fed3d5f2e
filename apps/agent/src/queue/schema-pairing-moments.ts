/** When the device was paired and came into its project, by the clock that nobody sets. */
export const pairingMoments = `
-- The moments of paired_at and project_since: in which boot, and how long that had run. Null: stored before this was kept.
ALTER TABLE upload_link ADD COLUMN paired_boot_id TEXT;
ALTER TABLE upload_link ADD COLUMN paired_uptime_ms INTEGER CHECK ((paired_uptime_ms IS NULL) = (paired_boot_id IS NULL));
ALTER TABLE upload_link ADD COLUMN project_since_boot_id TEXT;
ALTER TABLE upload_link ADD COLUMN project_since_uptime_ms INTEGER
  CHECK ((project_since_uptime_ms IS NULL) = (project_since_boot_id IS NULL) AND (project_since_boot_id IS NULL OR project_since IS NOT NULL));
`
