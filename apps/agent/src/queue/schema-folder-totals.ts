/** Counts by state for each watch folder and volume, in place of those of the whole queue, which are their sum. */
const countNew = `INSERT INTO folder_totals
    SELECT f.volume_id, coalesce(f.watch_folder, ''), NEW.state, 1, NEW.size_bytes, NEW.bytes_acknowledged FROM files f WHERE f.id = NEW.file_id
    ON CONFLICT DO UPDATE SET uploads = uploads + 1, size_bytes = size_bytes + excluded.size_bytes,
      bytes_acknowledged = bytes_acknowledged + excluded.bytes_acknowledged`
const discountOld = `UPDATE folder_totals SET uploads = uploads - 1, size_bytes = size_bytes - OLD.size_bytes,
    bytes_acknowledged = bytes_acknowledged - OLD.bytes_acknowledged
    WHERE (volume_id, watch_folder) = (SELECT volume_id, coalesce(watch_folder, '') FROM files WHERE id = OLD.file_id) AND state = OLD.state`
const sums = 'count(*), sum(u.size_bytes), sum(u.bytes_acknowledged)'

export const folderTotals = `
DROP TRIGGER uploads_added;
DROP TRIGGER uploads_changed;
DROP TRIGGER uploads_removed;
DROP TABLE totals;
-- Kept by triggers, as the counts before them were. A file that was queued by hand has the watch folder ''.
CREATE TABLE folder_totals (
  volume_id TEXT NOT NULL,
  watch_folder TEXT NOT NULL,
  state TEXT NOT NULL,
  uploads INTEGER NOT NULL CHECK (uploads >= 0),
  size_bytes INTEGER NOT NULL,
  bytes_acknowledged INTEGER NOT NULL,
  PRIMARY KEY (volume_id, watch_folder, state)
) STRICT, WITHOUT ROWID;
INSERT INTO folder_totals SELECT f.volume_id, coalesce(f.watch_folder, ''), u.state, ${sums}
  FROM uploads u JOIN files f ON f.id = u.file_id GROUP BY 1, 2, 3;
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
-- A file that turns out to lie elsewhere takes its uploads along.
CREATE TRIGGER files_moved AFTER UPDATE OF volume_id, watch_folder ON files
  WHEN NEW.volume_id <> OLD.volume_id OR coalesce(NEW.watch_folder, '') <> coalesce(OLD.watch_folder, '')
BEGIN
  UPDATE folder_totals SET uploads = folder_totals.uploads - moved.uploads, size_bytes = folder_totals.size_bytes - moved.size_bytes,
    bytes_acknowledged = folder_totals.bytes_acknowledged - moved.bytes_acknowledged
    FROM (SELECT u.state, count(*) AS uploads, sum(u.size_bytes) AS size_bytes, sum(u.bytes_acknowledged) AS bytes_acknowledged
      FROM uploads u WHERE u.file_id = OLD.id GROUP BY u.state) AS moved
    WHERE folder_totals.volume_id = OLD.volume_id AND folder_totals.watch_folder = coalesce(OLD.watch_folder, '')
      AND folder_totals.state = moved.state;
  INSERT INTO folder_totals SELECT NEW.volume_id, coalesce(NEW.watch_folder, ''), u.state, ${sums}
    FROM uploads u WHERE u.file_id = NEW.id GROUP BY u.state
    ON CONFLICT DO UPDATE SET uploads = uploads + excluded.uploads, size_bytes = size_bytes + excluded.size_bytes,
      bytes_acknowledged = bytes_acknowledged + excluded.bytes_acknowledged;
END;
`
