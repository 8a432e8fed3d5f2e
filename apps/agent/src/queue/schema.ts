import { anyOf } from './any-of.ts'
import { bytesLost } from './schema-bytes-lost.ts'
import { captureClock } from './schema-capture-clock.ts'
import { createName } from './schema-create-name.ts'
import { decisions } from './schema-decisions.ts'
import { digestsAndErrors } from './schema-digests-and-errors.ts'
import { folderTotals } from './schema-folder-totals.ts'
import { growths } from './schema-growths.ts'
import { orderAndTotals } from './schema-order-and-totals.ts'
import { pairingMoments } from './schema-pairing-moments.ts'
import { partCount } from './schema-part-count.ts'
import { probeAt } from './schema-probe.ts'
import { rebuilt } from './schema-rebuilt.ts'
import { rebuiltMoment } from './schema-rebuilt-moment.ts'
import { tokensSince } from './schema-tokens-since.ts'
import { undigested } from './schema-undigested.ts'
import { undigestedAway } from './schema-undigested-away.ts'
import { unwrittenEvents } from './schema-unwritten-events.ts'

/**
 * The migrations of the queue file, in order; `PRAGMA user_version` counts those that were applied. Never edit one that was released.
 * Cross-field rules live here as CHECKs, so that no statement, however wrong, can store a state that the machine does not have.
 */
export const queueMigrations: readonly string[] = [
  `
-- What the unit is, apart from any pairing. One row.
CREATE TABLE unit (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  client_id TEXT NOT NULL,
  outbox_id TEXT NOT NULL,
  -- Fencing tokens of leases; grows for ever.
  last_lease_token INTEGER NOT NULL DEFAULT 0,
  held_since INTEGER,
  held_by TEXT CHECK (held_by IN ('operator', 'device')),
  CHECK ((held_since IS NULL) = (held_by IS NULL))
) STRICT;

-- The pairing with the destination of uploads. At most one row.
CREATE TABLE upload_link (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  server_url TEXT NOT NULL,
  is_ours INTEGER NOT NULL CHECK (is_ours IN (0, 1)),
  client_id TEXT NOT NULL,
  client_secret TEXT,
  access_token TEXT NOT NULL,
  access_expires_at INTEGER NOT NULL,
  refresh_token TEXT NOT NULL,
  authorization TEXT NOT NULL CHECK (authorization IN ('good', 'lost')),
  project_id TEXT,
  project_name TEXT,
  project_epoch INTEGER NOT NULL DEFAULT 0,
  -- identityPending: a token pair was stored and the identity not yet read with it. receiptPending: cleared, receipt not yet taken.
  fence TEXT NOT NULL CHECK (fence IN ('open', 'identityPending', 'receiptPending')),
  sharing_paused INTEGER NOT NULL DEFAULT 0 CHECK (sharing_paused IN (0, 1)),
  paired_at INTEGER NOT NULL,
  -- When this device learned that it belongs to the project; what was captured before is held.
  project_since INTEGER,
  CHECK (project_id IS NOT NULL OR (project_name IS NULL AND project_since IS NULL))
) STRICT;

-- The pairing of the control link. At most one row.
CREATE TABLE control_link (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  server_url TEXT NOT NULL,
  agent_url TEXT NOT NULL,
  device_id TEXT NOT NULL,
  device_secret TEXT NOT NULL,
  paired_at INTEGER NOT NULL
) STRICT;

-- A file as it was when it was taken into the queue. The keys are what makes it the same file, whatever it is called.
CREATE TABLE files (
  id INTEGER PRIMARY KEY,
  path TEXT NOT NULL,
  watch_folder TEXT,
  volume_id TEXT NOT NULL,
  inode TEXT NOT NULL,
  inode_is_stable INTEGER NOT NULL CHECK (inode_is_stable IN (0, 1)),
  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
  modified_us INTEGER NOT NULL,
  -- Both null while the file is still being written.
  identity_key TEXT,
  stat_key TEXT,
  CHECK (identity_key IS NOT NULL OR stat_key IS NULL)
) STRICT;
CREATE INDEX files_path ON files (path);
CREATE INDEX files_identity ON files (identity_key) WHERE identity_key IS NOT NULL;
CREATE INDEX files_stat ON files (stat_key) WHERE stat_key IS NOT NULL;
CREATE INDEX files_volume ON files (volume_id);

CREATE TABLE uploads (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  id TEXT NOT NULL UNIQUE,
  project_id TEXT,
  file_id INTEGER NOT NULL REFERENCES files (id),
  name TEXT NOT NULL,
  mime_type TEXT NOT NULL,
  channel INTEGER NOT NULL DEFAULT 0,
  is_realtime INTEGER NOT NULL DEFAULT 0 CHECK (is_realtime IN (0, 1)),
  size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
  captured_at INTEGER,
  state TEXT NOT NULL CHECK (${anyOf('state', 'uploading', 'registering', 'uploaded', 'queued', 'verified', 'growing', 'waiting', 'held', 'failed', 'blocked', 'cancelled', 'cleared', 'refused')}),
  reason TEXT,
  step TEXT CHECK (step IN ('register', 'parts')),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  uncertain INTEGER NOT NULL DEFAULT 0 CHECK (uncertain IN (0, 1)),
  deprioritised INTEGER NOT NULL DEFAULT 0 CHECK (deprioritised IN (0, 1)),
  recreations INTEGER NOT NULL DEFAULT 0,
  create_key TEXT NOT NULL,
  adopt_source INTEGER NOT NULL DEFAULT 0 CHECK (adopt_source IN (0, 1)),
  asset_id TEXT,
  urls_issued_at INTEGER,
  parts_total INTEGER NOT NULL DEFAULT 0,
  parts_done INTEGER NOT NULL DEFAULT 0 CHECK (parts_done BETWEEN 0 AND parts_total),
  bytes_acknowledged INTEGER NOT NULL DEFAULT 0 CHECK (bytes_acknowledged BETWEEN 0 AND size_bytes),
  not_before INTEGER,
  since_boot_id TEXT,
  lease_token INTEGER,
  lease_until INTEGER,
  custody TEXT NOT NULL DEFAULT 'none' CHECK (${anyOf('custody', 'none', 'owed', 'abandoned')}),
  custody_not_before INTEGER,
  error_code TEXT,
  error_message TEXT,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL,
  CHECK ((lease_token IS NOT NULL) = (state = 'registering') AND (lease_token IS NULL) = (lease_until IS NULL)),
  CHECK ((reason IS NOT NULL) = ${anyOf('state', 'growing', 'waiting', 'held', 'failed', 'blocked', 'cancelled', 'cleared', 'refused')}),
  CHECK (state NOT IN ('queued', 'registering') OR step = 'register'),
  CHECK (NOT ${anyOf('state', 'uploading', 'uploaded', 'verified')} OR step = 'parts'),
  CHECK (state NOT IN ('waiting', 'held') OR step IS NOT NULL),
  CHECK (step IS NOT 'parts' OR (asset_id IS NOT NULL AND urls_issued_at IS NOT NULL AND parts_total > 0)),
  CHECK (state NOT IN ('uploaded', 'verified') OR (parts_done = parts_total AND bytes_acknowledged = size_bytes)),
  CHECK (custody = 'none' OR state IN ('uploaded', 'verified')),
  CHECK (since_boot_id IS NULL OR (state = 'waiting' AND reason = 'awaitingRestart')),
  CHECK ((error_code IS NULL) = (error_message IS NULL))
) STRICT;
CREATE INDEX uploads_queued ON uploads (project_id, deprioritised, seq) WHERE state = 'queued';
CREATE INDEX uploads_uploading ON uploads (project_id, deprioritised, seq) WHERE state = 'uploading';
CREATE INDEX uploads_registering ON uploads (lease_until) WHERE state = 'registering';
CREATE INDEX uploads_waiting ON uploads (not_before) WHERE state = 'waiting';
CREATE INDEX uploads_custody ON uploads (custody_not_before) WHERE custody = 'owed';
CREATE INDEX uploads_state ON uploads (state, size_bytes, bytes_acknowledged);
CREATE INDEX uploads_file ON uploads (file_id);

CREATE TABLE parts (
  upload_id TEXT NOT NULL REFERENCES uploads (id),
  number INTEGER NOT NULL CHECK (number BETWEEN 1 AND 10000),
  offset INTEGER NOT NULL CHECK (offset >= 0),
  size_bytes INTEGER NOT NULL CHECK (size_bytes > 0),
  url TEXT NOT NULL,
  state TEXT NOT NULL CHECK (${anyOf('state', 'pending', 'sending', 'acknowledged')}),
  attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
  not_before INTEGER,
  lease_token INTEGER,
  lease_until INTEGER,
  xxh64 TEXT,
  acknowledged_at INTEGER,
  error_code TEXT,
  error_message TEXT,
  PRIMARY KEY (upload_id, number),
  CHECK ((lease_token IS NOT NULL) = (state = 'sending') AND (lease_token IS NULL) = (lease_until IS NULL)),
  CHECK ((xxh64 IS NOT NULL) = (state = 'acknowledged') AND (acknowledged_at IS NOT NULL) = (state = 'acknowledged'))
) STRICT, WITHOUT ROWID;
CREATE INDEX parts_pending ON parts (upload_id, number, not_before) WHERE state = 'pending';
CREATE INDEX parts_sending ON parts (lease_until) WHERE state = 'sending';

-- What was cleared at each move to another project, until (and after) the destination has taken the receipt.
CREATE TABLE purge_receipts (
  project_epoch INTEGER PRIMARY KEY,
  body TEXT NOT NULL CHECK (json_valid(body)),
  sent_at INTEGER
) STRICT;

-- Facts for the control link, until it has them. AUTOINCREMENT: a number is never given twice.
CREATE TABLE outbox (
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  upload_id TEXT,
  boot_id TEXT NOT NULL,
  at INTEGER NOT NULL,
  body TEXT NOT NULL CHECK (json_valid(body))
) STRICT;
CREATE INDEX outbox_upload ON outbox (upload_id) WHERE upload_id IS NOT NULL;

-- Commands that were taken on, and what became of them. Kept, so that one delivered again is never run again.
CREATE TABLE executions (
  execution_id TEXT PRIMARY KEY,
  command_id TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('acknowledged', 'running', 'final')),
  outcome TEXT CHECK (outcome IS NULL OR json_valid(outcome)),
  recorded_at INTEGER NOT NULL,
  stored_at INTEGER,
  CHECK ((outcome IS NOT NULL) = (state = 'final')),
  CHECK (stored_at IS NULL OR state = 'final')
) STRICT, WITHOUT ROWID;
CREATE INDEX executions_pending ON executions (recorded_at) WHERE state = 'final' AND stored_at IS NULL;
`,
  orderAndTotals,
  growths,
  rebuilt,
  folderTotals,
  digestsAndErrors,
  partCount,
  createName,
  undigested,
  captureClock,
  probeAt,
  pairingMoments,
  decisions,
  bytesLost,
  tokensSince,
  undigestedAway,
  unwrittenEvents,
  rebuiltMoment,
]
