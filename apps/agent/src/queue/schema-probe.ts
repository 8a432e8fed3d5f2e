/** Where in part 2 the bytes lay by which a growing file is recognised that has moved up. */
export const probeAt = `
ALTER TABLE growths ADD COLUMN probe_at INTEGER NOT NULL DEFAULT 0 CHECK (probe_at >= 0);
`
