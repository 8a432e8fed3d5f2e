/** How many parts a create asks for. */
export const partCount = `
-- Decided when the create is first made and kept with its key: null not decided yet, 0 left to the destination.
ALTER TABLE uploads ADD COLUMN parts_asked INTEGER CHECK (parts_asked BETWEEN 0 AND 10000);
-- A create that is in doubt must be made again as it was.
UPDATE uploads SET parts_asked = 0 WHERE state NOT IN ('uploaded', 'verified', 'refused', 'blocked');
`
