CREATE TABLE "conditions" (
	"code" text NOT NULL,
	"reporter" text NOT NULL,
	"detail" text NOT NULL,
	"since" timestamp with time zone NOT NULL,
	"seen_at" timestamp with time zone NOT NULL,
	CONSTRAINT "conditions_code_reporter_pk" PRIMARY KEY("code","reporter"),
	CONSTRAINT "conditions_code" CHECK ("conditions"."code" in ('storeLow', 'storeFull', 'storeUnusable'))
);


CREATE TABLE "object_stores" (
	"id" uuid PRIMARY KEY NOT NULL,
	"first_used_at" timestamp with time zone DEFAULT now() NOT NULL
);


ALTER TABLE "asset_parts" ADD COLUMN "lies_apart" boolean DEFAULT false NOT NULL;
