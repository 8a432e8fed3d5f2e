CREATE TABLE "scrubs" (
	"asset_id" uuid PRIMARY KEY NOT NULL,
	"asked_at" timestamp with time zone,
	"asked_by" text,
	"lease_token" uuid,
	"lease_until" timestamp with time zone,
	"begun_at" timestamp with time zone,
	"next_part" integer DEFAULT 1 NOT NULL,
	"first_differing" integer,
	"attempts" integer DEFAULT 0 NOT NULL,
	"error" text,
	"not_before" timestamp with time zone,
	CONSTRAINT "scrubs_asked" CHECK (("scrubs"."asked_at" is null) = ("scrubs"."asked_by" is null)),
	CONSTRAINT "scrubs_lease" CHECK (("scrubs"."lease_token" is null) = ("scrubs"."lease_until" is null))
);


ALTER TABLE "assets" ADD COLUMN "mismatch_because" text;

ALTER TABLE "assets" ADD COLUMN "stored_xxh64" text;

ALTER TABLE "assets" ADD COLUMN "scrubbed_at" timestamp with time zone;

ALTER TABLE "scrubs" ADD CONSTRAINT "scrubs_asset_id_assets_id_fk" FOREIGN KEY ("asset_id") REFERENCES "public"."assets"("id") ON DELETE cascade ON UPDATE no action;

CREATE INDEX "scrubs_asked" ON "scrubs" USING btree ("asked_at") WHERE "scrubs"."asked_at" is not null;

CREATE INDEX "assets_scrubbed" ON "assets" USING btree ("scrubbed_at","id") WHERE "assets"."state" = 'available';

-- Verifying is reading back: what it found stands. Where the device told a digest of the whole file, it was compared with ours.
UPDATE "assets" SET "mismatch_because" = 'sentOtherwise' WHERE "custody" = 'mismatch';

UPDATE "assets" SET "scrubbed_at" = "custody_at", "stored_xxh64" = "file_xxh64" WHERE "custody" = 'verified';

ALTER TABLE "assets" ADD CONSTRAINT "assets_mismatch_because" CHECK (("assets"."custody" = 'mismatch') = ("assets"."mismatch_because" is not null) and "assets"."mismatch_because" in ('sentOtherwise', 'changed', 'gone', 'unreadable'));
