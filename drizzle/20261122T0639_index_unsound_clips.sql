CREATE INDEX "assets_mismatch" ON "assets" USING btree ("project_id","device_id") WHERE "assets"."custody" = 'mismatch';
