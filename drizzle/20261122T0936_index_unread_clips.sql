DROP INDEX "assets_scrubbed";

CREATE INDEX "assets_unread" ON "assets" USING btree ("available_at","id") WHERE "assets"."state" = 'available' and "assets"."scrubbed_at" is null;

CREATE INDEX "assets_scrubbed" ON "assets" USING btree ("scrubbed_at","id") WHERE "assets"."state" = 'available' and "assets"."scrubbed_at" is not null;
