/** When clips were captured, by the clock that nobody sets. */
export const captureClock = `
-- The moment of captured_at: in which boot, and how long that had run. Null: not in a boot that is known.
ALTER TABLE uploads ADD COLUMN captured_boot_id TEXT;
ALTER TABLE uploads ADD COLUMN captured_uptime_ms INTEGER CHECK ((captured_uptime_ms IS NULL) = (captured_boot_id IS NULL));

-- Boots in which the destination was heard: what its clock showed, in milliseconds since 1970, when the boot began.
CREATE TABLE boots (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  boot_id TEXT NOT NULL UNIQUE,
  server_at_boot INTEGER NOT NULL
) STRICT;
`
