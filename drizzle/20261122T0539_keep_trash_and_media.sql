CREATE TABLE "clip_media" (
	"asset_id" uuid PRIMARY KEY NOT NULL,
	"state" text DEFAULT 'waiting' NOT NULL,
	"attempts" integer DEFAULT 0 NOT NULL,
	"not_before" timestamp with time zone,
	"last_error" text,
	"duration_seconds" double precision,
	"video_codec" text,
	"width" integer,
	"height" integer,
	"frames_per_second" double precision,
	"audio_codec" text,
	"audio_channels" integer,
	"audio_sample_rate_hz" integer,
	"has_poster" boolean DEFAULT false NOT NULL,
	"ended_at" timestamp with time zone,
	CONSTRAINT "clip_media_state" CHECK ("clip_media"."state" in ('waiting', 'done', 'none', 'failed')),
	CONSTRAINT "clip_media_ended" CHECK (("clip_media"."state" = 'waiting') = ("clip_media"."ended_at" is null)),
	CONSTRAINT "clip_media_poster" CHECK (not "clip_media"."has_poster" or "clip_media"."state" = 'done'),
	CONSTRAINT "clip_media_picture" CHECK ("clip_media"."width" > 0 and "clip_media"."height" > 0),
	CONSTRAINT "clip_media_duration" CHECK ("clip_media"."duration_seconds" >= 0)
);


CREATE TABLE "clip_trash" (
	"asset_id" uuid PRIMARY KEY NOT NULL,
	"project_id" uuid NOT NULL,
	"state" text NOT NULL,
	"trashed_at" timestamp with time zone NOT NULL,
	"trashed_by_kind" text NOT NULL,
	"trashed_by" text NOT NULL,
	"reason" text,
	"restored_at" timestamp with time zone,
	"removing_at" timestamp with time zone,
	"removed_at" timestamp with time zone,
	"attempts" integer DEFAULT 0 NOT NULL,
	"not_before" timestamp with time zone,
	"last_error" text,
	CONSTRAINT "clip_trash_state" CHECK ("clip_trash"."state" in ('trashed', 'restored', 'removing', 'removed')),
	CONSTRAINT "clip_trash_by" CHECK ("clip_trash"."trashed_by_kind" in ('person', 'commandLine', 'system')),
	CONSTRAINT "clip_trash_restored" CHECK (("clip_trash"."state" = 'restored') = ("clip_trash"."restored_at" is not null)),
	CONSTRAINT "clip_trash_removing" CHECK (("clip_trash"."state" in ('removing', 'removed')) = ("clip_trash"."removing_at" is not null)),
	CONSTRAINT "clip_trash_removed" CHECK (("clip_trash"."state" = 'removed') = ("clip_trash"."removed_at" is not null))
);


ALTER TABLE "projects" ADD COLUMN "trash_days" integer DEFAULT 30 NOT NULL;

ALTER TABLE "projects" ADD COLUMN "clip_days" integer;

ALTER TABLE "clip_media" ADD CONSTRAINT "clip_media_asset_id_assets_id_fk" FOREIGN KEY ("asset_id") REFERENCES "public"."assets"("id") ON DELETE cascade ON UPDATE no action;

ALTER TABLE "clip_trash" ADD CONSTRAINT "clip_trash_asset_id_assets_id_fk" FOREIGN KEY ("asset_id") REFERENCES "public"."assets"("id") ON DELETE cascade ON UPDATE no action;

ALTER TABLE "clip_trash" ADD CONSTRAINT "clip_trash_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;

CREATE INDEX "clip_media_waiting" ON "clip_media" USING btree ("not_before") WHERE "clip_media"."state" = 'waiting';

CREATE INDEX "clip_trash_project" ON "clip_trash" USING btree ("project_id","trashed_at");

CREATE INDEX "clip_trash_due" ON "clip_trash" USING btree ("trashed_at") WHERE "clip_trash"."state" = 'trashed';

CREATE INDEX "clip_trash_removing" ON "clip_trash" USING btree ("not_before") WHERE "clip_trash"."state" = 'removing';

ALTER TABLE "projects" ADD CONSTRAINT "projects_trash_days" CHECK ("projects"."trash_days" between 1 and 3650);

ALTER TABLE "projects" ADD CONSTRAINT "projects_clip_days" CHECK ("projects"."clip_days" between 1 and 3650);

-- Clips that arrived before are looked into as well.
INSERT INTO "clip_media" ("asset_id") SELECT "id" FROM "assets" WHERE "state" = 'available';
