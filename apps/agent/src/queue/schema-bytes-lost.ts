/** Sums by state for each watch folder and volume, with bytes that had been acknowledged and have to be sent again: no more than are missing. */
const lost = (row: string) => `min(${row}.bytes_lost, ${row}.size_bytes - ${row}.bytes_acknowledged)`
const countNew = `INSERT INTO folder_totals (volume_id, watch_folder, state, uploads, size_bytes, bytes_acknowledged, bytes_lost)
    SELECT f.volume_id, coalesce(f.watch_folder, ''), NEW.state, 1, NEW.size_bytes, NEW.bytes_acknowledged, ${lost('NEW')}
    FROM files f WHERE f.id = NEW.file_id
    ON CONFLICT DO UPDATE SET uploads = uploads + 1, size_bytes = size_bytes + excluded.size_bytes,
      bytes_acknowledged = bytes_acknowledged + excluded.bytes_acknowledged, bytes_lost = bytes_lost + excluded.bytes_lost`
const discountOld = `UPDATE folder_totals SET uploads = uploads - 1, size_bytes = size_bytes - OLD.size_bytes,
    bytes_acknowledged = bytes_acknowledged - OLD.bytes_acknowledged, bytes_lost = bytes_lost - ${lost('OLD')}
    WHERE (volume_id, watch_folder) = (SELECT volume_id, coalesce(watch_folder, '') FROM files WHERE id = OLD.file_id) AND state = OLD.state`
const moved = `count(*) AS uploads, sum(u.size_bytes) AS size_bytes, sum(u.bytes_acknowledged) AS bytes_acknowledged, sum(${lost('u')}) AS bytes_lost`

export const bytesLost = `
-- Had been acknowledged, and has to be sent again: what a person sees of progress does not go back.
ALTER TABLE uploads ADD COLUMN bytes_lost INTEGER NOT NULL DEFAULT 0 CHECK (bytes_lost >= 0);
ALTER TABLE folder_totals ADD COLUMN bytes_lost INTEGER NOT NULL DEFAULT 0 CHECK (bytes_lost >= 0);
DROP TRIGGER uploads_added;
DROP TRIGGER uploads_changed;
DROP TRIGGER uploads_removed;
DROP TRIGGER files_moved;
CREATE TRIGGER uploads_added AFTER INSERT ON uploads BEGIN
  ${countNew};
END;
CREATE TRIGGER uploads_changed AFTER UPDATE OF state, size_bytes, bytes_acknowledged, bytes_lost ON uploads
  WHEN NEW.state <> OLD.state OR NEW.size_bytes <> OLD.size_bytes OR NEW.bytes_acknowledged <> OLD.bytes_acknowledged
    OR NEW.bytes_lost <> OLD.bytes_lost
BEGIN
  ${discountOld};
  ${countNew};
END;
CREATE TRIGGER uploads_removed AFTER DELETE ON uploads BEGIN
  ${discountOld};
END;
CREATE TRIGGER files_moved AFTER UPDATE OF volume_id, watch_folder ON files
  WHEN NEW.volume_id <> OLD.volume_id OR coalesce(NEW.watch_folder, '') <> coalesce(OLD.watch_folder, '')
BEGIN
  UPDATE folder_totals SET uploads = folder_totals.uploads - moved.uploads, size_bytes = folder_totals.size_bytes - moved.size_bytes,
    bytes_acknowledged = folder_totals.bytes_acknowledged - moved.bytes_acknowledged,
    bytes_lost = folder_totals.bytes_lost - moved.bytes_lost
    FROM (SELECT u.state, ${moved} FROM uploads u WHERE u.file_id = OLD.id GROUP BY u.state) AS moved
    WHERE folder_totals.volume_id = OLD.volume_id AND folder_totals.watch_folder = coalesce(OLD.watch_folder, '')
      AND folder_totals.state = moved.state;
  INSERT INTO folder_totals (volume_id, watch_folder, state, uploads, size_bytes, bytes_acknowledged, bytes_lost)
    SELECT NEW.volume_id, coalesce(NEW.watch_folder, ''), u.state, ${moved} FROM uploads u WHERE u.file_id = NEW.id GROUP BY u.state
    ON CONFLICT DO UPDATE SET uploads = uploads + excluded.uploads, size_bytes = size_bytes + excluded.size_bytes,
      bytes_acknowledged = bytes_acknowledged + excluded.bytes_acknowledged, bytes_lost = bytes_lost + excluded.bytes_lost;
END;
`
