ALTER TABLE "assets" ADD COLUMN "version_of_id" uuid;

ALTER TABLE "assets" ADD CONSTRAINT "assets_version_of_id_assets_id_fk" FOREIGN KEY ("version_of_id") REFERENCES "public"."assets"("id") ON DELETE set null ON UPDATE no action;

CREATE INDEX "assets_version_of" ON "assets" USING btree ("version_of_id") WHERE "assets"."version_of_id" is not null;

ALTER TABLE "assets" ADD CONSTRAINT "assets_version_of_other" CHECK ("assets"."version_of_id" <> "assets"."id");
