/** What a whole file is known to have been, and of each error its class and its time. */
export const digestsAndErrors = `
-- xxh64 of the whole file as it was sent, and when its last byte was read for it; null while nobody has read it in order.
ALTER TABLE uploads ADD COLUMN file_xxh64 TEXT;
ALTER TABLE uploads ADD COLUMN file_digested_at INTEGER;
-- When reading it for that is tried again.
ALTER TABLE uploads ADD COLUMN digest_not_before INTEGER;
ALTER TABLE uploads ADD COLUMN digest_attempts INTEGER NOT NULL DEFAULT 0;
CREATE INDEX uploads_undigested ON uploads (seq) WHERE file_xxh64 IS NULL AND state IN ('uploaded', 'verified');
ALTER TABLE uploads ADD COLUMN error_class TEXT;
ALTER TABLE uploads ADD COLUMN error_at INTEGER;
ALTER TABLE parts ADD COLUMN error_class TEXT;
ALTER TABLE parts ADD COLUMN error_at INTEGER;
`
