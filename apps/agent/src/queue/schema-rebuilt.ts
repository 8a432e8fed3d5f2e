/** When the queue was begun anew in place of a damaged one; what was captured before may be at the destination already. */
export const rebuilt = `
ALTER TABLE unit ADD COLUMN rebuilt_at INTEGER;
CREATE INDEX uploads_held ON uploads (reason, seq) WHERE state = 'held';
`
