/** What people decided about clips that would not go up by themselves. */
export const decisions = `
-- Why, and when, somebody wanted a clip to be offered once more that was captured in a pause.
ALTER TABLE uploads ADD COLUMN unblocked_reason TEXT;
ALTER TABLE uploads ADD COLUMN unblocked_at INTEGER CHECK ((unblocked_at IS NULL) = (unblocked_reason IS NULL));
-- What a cleared upload was held for, so that it is held again when it is restored.
ALTER TABLE uploads ADD COLUMN held_for TEXT CHECK (held_for IS NULL OR state = 'cleared');
`
