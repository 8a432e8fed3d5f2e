ALTER TABLE "assets" ADD COLUMN "places_moved" boolean DEFAULT false NOT NULL;

UPDATE "assets" SET "places_moved" = true WHERE "apart_from_number" IS NOT NULL;

-- A program of the version before, which would put a clip together from places that its parts have no more, fails without it instead.
ALTER TABLE "assets" DROP COLUMN "apart_from_number";
