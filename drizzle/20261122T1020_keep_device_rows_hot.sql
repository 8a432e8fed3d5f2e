DROP INDEX "devices_changed";

-- Each change that a fleet row shows moves "changed_at". Without an index on it, and with room on the page, that writes no index at all.
ALTER TABLE "devices" SET (fillfactor = 50);
