/** Since when the pair of tokens is used, by the clock that nobody sets too. */
export const tokensSince = `
-- When the pair was renewed last, in milliseconds since 1970; in which boot, and how long that had run. Null: not since the pairing.
ALTER TABLE upload_link ADD COLUMN renewed_at INTEGER;
ALTER TABLE upload_link ADD COLUMN renewed_boot_id TEXT;
ALTER TABLE upload_link ADD COLUMN renewed_uptime_ms INTEGER
  CHECK ((renewed_uptime_ms IS NULL) = (renewed_boot_id IS NULL) AND (renewed_boot_id IS NULL) = (renewed_at IS NULL));
`
