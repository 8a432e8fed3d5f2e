ALTER TABLE "assets" ADD COLUMN "apart_from_number" integer;
