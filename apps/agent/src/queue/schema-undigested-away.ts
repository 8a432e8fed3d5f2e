/** Clips that could not be digested while their card was away: found without looking through all others when that is put in again. */
export const undigestedAway = `
-- The number is that of \`maxAttempts\` in file-digests.ts.
CREATE INDEX uploads_undigested_away ON uploads (seq)
  WHERE file_xxh64 IS NULL AND digest_attempts = 5 AND state IN ('uploaded', 'verified');
`
