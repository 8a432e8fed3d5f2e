/** What a create says of its clip's name and of the clip before it. */
export const createName = `
-- The name that the create carries, kept with its key; '' when only an extension is known. Null: not decided yet.
ALTER TABLE uploads ADD COLUMN create_name TEXT;
UPDATE uploads SET create_name = name WHERE parts_asked IS NOT NULL;
-- The whole asset that turned out not to be the file, whose newer version the next one is.
ALTER TABLE uploads ADD COLUMN version_of TEXT;
`
