import { anyOf } from './any-of.ts'

/** Uploads of files that are sent while their recorder still writes them. */
export const growths = `
-- A row is there from the first cut until the whole file was compared with what was sent.
CREATE TABLE growths (
  upload_id TEXT PRIMARY KEY REFERENCES uploads (id),
  phase TEXT NOT NULL CHECK (${anyOf('phase', 'open', 'complete', 'sent')}),
  -- Frozen: another rate would cut the file elsewhere.
  bytes_per_second INTEGER NOT NULL CHECK (bytes_per_second >= 0),
  -- Whether part 1 is registered with the first ones, or (a recorder that puts a new head before its file) at the end with its true size.
  registers_head INTEGER NOT NULL CHECK (registers_head IN (0, 1)),
  complete_bytes INTEGER CHECK (complete_bytes > 0),
  -- The beginning of part 2 as it was cut, in hexadecimal digits: where it lies in the complete file tells whether a head was put before it.
  probe TEXT,
  shift_bytes INTEGER NOT NULL DEFAULT 0 CHECK (shift_bytes >= 0),
  -- What left while the file was open was compared, as far as must be before the final part.
  compared INTEGER NOT NULL DEFAULT 0 CHECK (compared IN (0, 1)),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  not_before INTEGER,
  CHECK ((complete_bytes IS NULL) = (phase = 'open')),
  CHECK (compared = 0 OR phase <> 'open')
) STRICT, WITHOUT ROWID;

-- Recorders that were seen to put a new head before their file when they finish.
CREATE TABLE prepending_recorders (
  watch_folder TEXT NOT NULL,
  extension TEXT NOT NULL,
  PRIMARY KEY (watch_folder, extension)
) STRICT, WITHOUT ROWID;

ALTER TABLE parts ADD COLUMN role TEXT NOT NULL DEFAULT 'middle' CHECK (${anyOf('role', 'head', 'middle', 'final')});
-- Kept back until others have arrived.
ALTER TABLE parts ADD COLUMN is_held INTEGER NOT NULL DEFAULT 0 CHECK (is_held IN (0, 1));
-- When its own address was given out; null where all of the upload came at once. An empty address has to be asked for first.
ALTER TABLE parts ADD COLUMN issued_at INTEGER;
-- Acknowledged before, with other bytes.
ALTER TABLE parts ADD COLUMN is_resent INTEGER NOT NULL DEFAULT 0 CHECK (is_resent IN (0, 1));
-- Its bytes are those of the complete file: they left after it was complete, or were compared.
ALTER TABLE parts ADD COLUMN is_proven INTEGER NOT NULL DEFAULT 0 CHECK (is_proven IN (0, 1));
DROP INDEX parts_pending;
CREATE INDEX parts_pending ON parts (upload_id, number, not_before) WHERE state = 'pending' AND is_held = 0 AND url <> '';
`
