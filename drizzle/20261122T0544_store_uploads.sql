CREATE TABLE "store_uploads" (
	"asset_id" uuid PRIMARY KEY NOT NULL,
	"upload_id" text,
	"opened_at" timestamp with time zone NOT NULL,
	"news_at" timestamp with time zone NOT NULL,
	"look_at" timestamp with time zone NOT NULL
);


ALTER TABLE "store_uploads" ADD CONSTRAINT "store_uploads_asset_id_assets_id_fk" FOREIGN KEY ("asset_id") REFERENCES "public"."assets"("id") ON DELETE cascade ON UPDATE no action;

CREATE INDEX "store_uploads_look" ON "store_uploads" USING btree ("look_at") WHERE "store_uploads"."upload_id" is not null;
