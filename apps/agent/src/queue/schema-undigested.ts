/** Clips whose whole file is still to be digested, those that are due first in front: none that was given up is ever looked at again. */
export const undigested = `
DROP INDEX uploads_undigested;
-- The number is that of \`maxAttempts\` in file-digests.ts.
CREATE INDEX uploads_undigested ON uploads (coalesce(digest_not_before, 0), seq)
  WHERE file_xxh64 IS NULL AND digest_attempts < 5 AND state IN ('uploaded', 'verified');
`
