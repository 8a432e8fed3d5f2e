import { smallFileMaxBytes } from './small-file.ts'

/** Files in an order in which claims find the next one at once, and counts that need not be counted. */
const pinned = 'coalesce(pinned_at, 9007199254740991)'
const age = 'coalesce(captured_at, created_at)'
const inOrder = `project_id, ${pinned}, deprioritised, size_bytes > ${smallFileMaxBytes}, ${age} * (1 - 2 * newest_first), seq`
const largeByAge = `project_id, deprioritised, ${age}, seq`
const countNew = `INSERT INTO totals VALUES (NEW.state, 1, NEW.size_bytes, NEW.bytes_acknowledged)
    ON CONFLICT (state) DO UPDATE SET uploads = uploads + 1, size_bytes = totals.size_bytes + NEW.size_bytes,
      bytes_acknowledged = totals.bytes_acknowledged + NEW.bytes_acknowledged`
const discountOld = `UPDATE totals SET uploads = uploads - 1, size_bytes = size_bytes - OLD.size_bytes,
    bytes_acknowledged = bytes_acknowledged - OLD.bytes_acknowledged WHERE state = OLD.state`

/** Terms of `ORDER BY` over `uploads u` that the indexes below answer; `orderByFolder` among those of one class. */
export const orderByFolder = 'coalesce(u.captured_at, u.created_at) * (1 - 2 * u.newest_first), u.seq'
export const orderOfUploads = `coalesce(u.pinned_at, 9007199254740991), u.deprioritised, u.size_bytes > ${smallFileMaxBytes},
  ${orderByFolder}`
export const orderOfLargeByAge = 'u.deprioritised, coalesce(u.captured_at, u.created_at), u.seq'
export const isPinned = '(coalesce(u.pinned_at, 9007199254740991) < 9007199254740991)'
/** Not pinned and small; equal to the terms of the index, so that it finds the first one at once. */
export const isSmallClass = `coalesce(u.pinned_at, 9007199254740991) = 9007199254740991 AND (u.size_bytes > ${smallFileMaxBytes}) = 0`
export const isLarge = `u.size_bytes > ${smallFileMaxBytes}`

export const orderAndTotals = `
-- Since when an operator wants it before everything else.
ALTER TABLE uploads ADD COLUMN pinned_at INTEGER;
-- What its watch folder says of age.
ALTER TABLE uploads ADD COLUMN newest_first INTEGER NOT NULL DEFAULT 0 CHECK (newest_first IN (0, 1));
DROP INDEX uploads_queued;
DROP INDEX uploads_uploading;
DROP INDEX uploads_state;
CREATE INDEX uploads_queued ON uploads (${inOrder}) WHERE state = 'queued';
CREATE INDEX uploads_uploading ON uploads (${inOrder}) WHERE state = 'uploading';
CREATE INDEX uploads_queued_large ON uploads (${largeByAge}) WHERE state = 'queued' AND size_bytes > ${smallFileMaxBytes};
CREATE INDEX uploads_uploading_large ON uploads (${largeByAge}) WHERE state = 'uploading' AND size_bytes > ${smallFileMaxBytes};
CREATE INDEX uploads_state ON uploads (state);

-- Kept by triggers: to count a million rows for every look at the summary would be most of what the agent does.
CREATE TABLE totals (
  state TEXT PRIMARY KEY,
  uploads INTEGER NOT NULL CHECK (uploads >= 0),
  size_bytes INTEGER NOT NULL,
  bytes_acknowledged INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO totals SELECT state, count(*), sum(size_bytes), sum(bytes_acknowledged) FROM uploads GROUP BY state;
CREATE TRIGGER uploads_added AFTER INSERT ON uploads BEGIN
  ${countNew};
END;
CREATE TRIGGER uploads_changed AFTER UPDATE OF state, size_bytes, bytes_acknowledged ON uploads
  WHEN NEW.state <> OLD.state OR NEW.size_bytes <> OLD.size_bytes OR NEW.bytes_acknowledged <> OLD.bytes_acknowledged
BEGIN
  ${discountOld};
  ${countNew};
END;
CREATE TRIGGER uploads_removed AFTER DELETE ON uploads BEGIN
  ${discountOld};
END;
`
