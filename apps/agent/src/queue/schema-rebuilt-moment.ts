/** When the queue was begun anew, by the clock that nobody sets. */
export const rebuiltMoment = `
-- The moment of rebuilt_at: in which boot, and how long that had run. Null: stored before this was kept.
ALTER TABLE unit ADD COLUMN rebuilt_boot_id TEXT;
ALTER TABLE unit ADD COLUMN rebuilt_uptime_ms INTEGER CHECK ((rebuilt_uptime_ms IS NULL) = (rebuilt_boot_id IS NULL));
`
