/**
 * A changed upload that nobody was told of yet is an entry of the outbox without a body (the JSON `null`): its event is written when it is handed
 * out. Of each upload there is one at most, and its upload stays.
 */
export const unwrittenEvents = `
DROP INDEX outbox_upload;
CREATE UNIQUE INDEX outbox_unwritten ON outbox (upload_id) WHERE body = 'null';
CREATE TRIGGER uploads_unwritten BEFORE DELETE ON uploads
  WHEN EXISTS (SELECT 1 FROM outbox WHERE upload_id = OLD.id AND body = 'null')
BEGIN
  SELECT RAISE(ABORT, 'an event of this upload is still to be written');
END;
`
