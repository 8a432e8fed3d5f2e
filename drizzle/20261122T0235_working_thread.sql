-- The first schema: people, projects, devices, pairing and tokens, assets, the control link, commands, audit.
CREATE TABLE "asset_parts" (
	"asset_id" uuid NOT NULL,
	"number" integer NOT NULL,
	"size_bytes" bigint NOT NULL,
	"offset_bytes" bigint,
	"is_final" boolean DEFAULT false NOT NULL,
	"generation" integer DEFAULT 1 NOT NULL,
	"acknowledged_at" timestamp with time zone,
	"received_xxh64" text,
	"device_xxh64" text,
	"stored_xxh64" text,
	CONSTRAINT "asset_parts_asset_id_number_pk" PRIMARY KEY("asset_id","number"),
	CONSTRAINT "asset_parts_number" CHECK ("asset_parts"."number" between 1 and 10000),
	CONSTRAINT "asset_parts_size" CHECK ("asset_parts"."size_bytes" between 0 and 5368709120)
);

CREATE TABLE "assets" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"device_id" uuid NOT NULL,
	"project_id" uuid NOT NULL,
	"project_epoch" integer NOT NULL,
	"channel" integer DEFAULT 0 NOT NULL,
	"name" text NOT NULL,
	"name_is_default" boolean DEFAULT false NOT NULL,
	"filetype" text NOT NULL,
	"upload_kind" text NOT NULL,
	"filesize_bytes" bigint,
	"offset_seconds" double precision DEFAULT 0 NOT NULL,
	"captured_at" timestamp with time zone NOT NULL,
	"folder" text NOT NULL,
	"store_key" text NOT NULL,
	"state" text DEFAULT 'created' NOT NULL,
	"ended_because" text,
	"ended_detail" text,
	"final_part_at" timestamp with time zone,
	"custody" text DEFAULT 'no' NOT NULL,
	"custody_at" timestamp with time zone,
	"first_mismatch_number" integer,
	"file_xxh64" text,
	"relative_path" text,
	"volume_id" text,
	"idempotency_key" text,
	"idempotency_sha256" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"available_at" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "assets_store_key_unique" UNIQUE("store_key"),
	CONSTRAINT "assets_upload_kind" CHECK ("assets"."upload_kind" in ('fixed', 'realtime')),
	CONSTRAINT "assets_state" CHECK ("assets"."state" in ('created', 'assembling', 'available', 'failed', 'closed')),
	CONSTRAINT "assets_available" CHECK (("assets"."state" = 'available') = ("assets"."available_at" is not null)),
	CONSTRAINT "assets_ended" CHECK (("assets"."state" in ('failed', 'closed')) = ("assets"."ended_because" is not null)),
	CONSTRAINT "assets_filesize" CHECK ("assets"."filesize_bytes" between 0 and 5497558138880),
	CONSTRAINT "assets_filesize_known" CHECK ("assets"."filesize_bytes" is not null or ("assets"."upload_kind" = 'realtime' and "assets"."state" <> 'available')),
	CONSTRAINT "assets_custody" CHECK ("assets"."custody" in ('no', 'pending', 'verified', 'mismatch', 'sizeChecked')),
	CONSTRAINT "assets_verified" CHECK ("assets"."custody" not in ('verified', 'sizeChecked') or "assets"."state" = 'available'),
	CONSTRAINT "assets_mismatch" CHECK (("assets"."custody" = 'mismatch') = ("assets"."first_mismatch_number" is not null)),
	CONSTRAINT "assets_idempotency_pair" CHECK (("assets"."idempotency_key" is null) = ("assets"."idempotency_sha256" is null))
);

CREATE TABLE "audit_events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "audit_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"at" timestamp with time zone DEFAULT now() NOT NULL,
	"actor_kind" text NOT NULL,
	"actor_id" text,
	"actor_name" text NOT NULL,
	"action" text NOT NULL,
	"target_kind" text NOT NULL,
	"target_id" text NOT NULL,
	"target_name" text,
	"project_id" uuid,
	"device_id" uuid,
	"reason" text,
	"before" jsonb,
	"after" jsonb,
	CONSTRAINT "audit_events_actor" CHECK ("audit_events"."actor_kind" in ('person', 'device', 'commandLine', 'system'))
);

CREATE TABLE "command_executions" (
	"id" uuid PRIMARY KEY NOT NULL,
	"command_id" uuid NOT NULL,
	"device_id" uuid NOT NULL,
	"state" text DEFAULT 'queued' NOT NULL,
	"version" integer DEFAULT 1 NOT NULL,
	"lane" text NOT NULL,
	"lane_seq" bigint GENERATED ALWAYS AS IDENTITY (sequence name "command_executions_lane_seq_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"delivery_count" integer DEFAULT 0 NOT NULL,
	"delivered_epoch" bigint,
	"step" text,
	"percent" real,
	"result" jsonb,
	"error_code" text,
	"error_message" text,
	"queued_at" timestamp with time zone DEFAULT now() NOT NULL,
	"delivered_at" timestamp with time zone,
	"acknowledged_at" timestamp with time zone,
	"started_at" timestamp with time zone,
	"expires_at" timestamp with time zone,
	"finalized_at" timestamp with time zone,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "command_executions_state" CHECK ("command_executions"."state" in ('queued', 'delivered', 'acknowledged', 'running', 'succeeded', 'failed', 'rejected', 'timedOut', 'expired', 'cancelled', 'superseded')),
	CONSTRAINT "command_executions_lane" CHECK ("command_executions"."lane" in ('ordinary', 'destructive')),
	CONSTRAINT "command_executions_finalized" CHECK (("command_executions"."state" in ('succeeded', 'failed', 'rejected', 'timedOut', 'expired', 'cancelled', 'superseded')) = ("command_executions"."finalized_at" is not null)),
	CONSTRAINT "command_executions_delivered" CHECK ("command_executions"."state" <> 'delivered' or "command_executions"."delivered_at" is not null),
	CONSTRAINT "command_executions_acknowledged" CHECK ("command_executions"."state" not in ('acknowledged', 'running') or "command_executions"."acknowledged_at" is not null),
	CONSTRAINT "command_executions_running" CHECK ("command_executions"."state" <> 'running' or "command_executions"."started_at" is not null),
	CONSTRAINT "command_executions_result" CHECK ("command_executions"."state" <> 'succeeded' or "command_executions"."result" is not null),
	CONSTRAINT "command_executions_error" CHECK (("command_executions"."state" in ('failed', 'rejected')) = ("command_executions"."error_code" is not null)),
	CONSTRAINT "command_executions_percent" CHECK ("command_executions"."percent" between 0 and 100)
);

CREATE TABLE "commands" (
	"id" uuid PRIMARY KEY NOT NULL,
	"state" text NOT NULL,
	"body" jsonb NOT NULL,
	"targets_sha256" text,
	"device_count" integer NOT NULL,
	"issued_by" text NOT NULL,
	"reason" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"activated_at" timestamp with time zone,
	"expires_at" timestamp with time zone,
	"finalized_at" timestamp with time zone,
	CONSTRAINT "commands_state" CHECK ("commands"."state" in ('draft', 'active', 'done', 'cancelled', 'aborted')),
	CONSTRAINT "commands_activated" CHECK ("commands"."state" in ('draft', 'cancelled') or "commands"."activated_at" is not null),
	CONSTRAINT "commands_finalized" CHECK (("commands"."state" in ('done', 'cancelled', 'aborted')) = ("commands"."finalized_at" is not null)),
	CONSTRAINT "commands_device_count" CHECK ("commands"."device_count" >= 1)
);

CREATE TABLE "connections" (
	"epoch" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "connections_epoch_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"device_id" uuid NOT NULL,
	"gateway_id" uuid NOT NULL,
	"opened_at" timestamp with time zone DEFAULT now() NOT NULL,
	"closed_at" timestamp with time zone,
	"close_reason" text,
	"remote_address" text,
	"agent_version" text,
	"boot_id" text,
	"hostname" text,
	"platform" text,
	CONSTRAINT "connections_closed" CHECK (("connections"."closed_at" is null) = ("connections"."close_reason" is null))
);

CREATE TABLE "device_events" (
	"id" bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY (sequence name "device_events_id_seq" INCREMENT BY 1 MINVALUE 1 MAXVALUE 9223372036854775807 START WITH 1 CACHE 1),
	"device_id" uuid NOT NULL,
	"outbox_id" text NOT NULL,
	"seq" bigint NOT NULL,
	"boot_id" text NOT NULL,
	"at" timestamp with time zone NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	"body" jsonb NOT NULL
);

CREATE TABLE "device_reports" (
	"device_id" uuid PRIMARY KEY NOT NULL,
	"status" jsonb NOT NULL,
	"outbox_id" text NOT NULL,
	"last_seq" bigint DEFAULT 0 NOT NULL,
	"clock_offset_ms" bigint,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE "device_uploads" (
	"device_id" uuid NOT NULL,
	"upload_id" text NOT NULL,
	"path" text NOT NULL,
	"size_bytes" bigint NOT NULL,
	"captured_at" timestamp with time zone,
	"project_id" text,
	"state" text NOT NULL,
	"reason" text,
	"parts_done" integer NOT NULL,
	"parts_total" integer NOT NULL,
	"bytes_acknowledged" bigint NOT NULL,
	"attempts" integer NOT NULL,
	"error_code" text,
	"error_message" text,
	"asset_id" text,
	"next_attempt_at" timestamp with time zone,
	"updated_at" timestamp with time zone NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "device_uploads_device_id_upload_id_pk" PRIMARY KEY("device_id","upload_id"),
	CONSTRAINT "device_uploads_error" CHECK (("device_uploads"."error_code" is null) = ("device_uploads"."error_message" is null))
);

CREATE TABLE "gateways" (
	"id" uuid PRIMARY KEY NOT NULL,
	"started_at" timestamp with time zone DEFAULT now() NOT NULL,
	"lease_until" timestamp with time zone NOT NULL,
	"stopped_at" timestamp with time zone
);

CREATE TABLE "device_models" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"client_secret_sha256" text,
	"is_our_agent" boolean DEFAULT false NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "device_models_name_unique" UNIQUE("name"),
	CONSTRAINT "device_models_client_secret_sha256_unique" UNIQUE("client_secret_sha256"),
	CONSTRAINT "device_models_secret" CHECK ("device_models"."is_our_agent" = ("device_models"."client_secret_sha256" is null))
);

CREATE TABLE "devices" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"model_id" uuid NOT NULL,
	"client_id" text NOT NULL,
	"name" text NOT NULL,
	"timezone" text,
	"project_id" uuid,
	"project_epoch" integer DEFAULT 0 NOT NULL,
	"me_read_epoch" integer DEFAULT 0 NOT NULL,
	"purge_receipt_epoch" integer DEFAULT 0 NOT NULL,
	"upload_to" text,
	"foreign_project_id" text,
	"foreign_project_name" text,
	"firmware_version" text,
	"secret_sha256" text,
	"previous_secret_sha256" text,
	"paired_at" timestamp with time zone DEFAULT now() NOT NULL,
	"authorization_expires_at" timestamp with time zone,
	"last_call_at" timestamp with time zone,
	"revoked_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"changed_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "devices_secret_sha256_unique" UNIQUE("secret_sha256"),
	CONSTRAINT "devices_previous_secret_sha256_unique" UNIQUE("previous_secret_sha256"),
	CONSTRAINT "devices_epochs" CHECK ("devices"."me_read_epoch" <= "devices"."project_epoch" and "devices"."purge_receipt_epoch" <= "devices"."project_epoch" and "devices"."project_epoch" >= 0),
	CONSTRAINT "devices_project_epoch" CHECK ("devices"."project_id" is null or "devices"."project_epoch" > 0),
	CONSTRAINT "devices_foreign" CHECK ("devices"."upload_to" is null or "devices"."project_id" is null),
	CONSTRAINT "devices_name" CHECK (length("devices"."name") between 1 and 120)
);

CREATE TABLE "pause_windows" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"device_id" uuid NOT NULL,
	"channel" integer,
	"started_at" timestamp with time zone NOT NULL,
	"started_by" text NOT NULL,
	"reason" text,
	"ended_at" timestamp with time zone,
	"ended_by" text,
	CONSTRAINT "pause_windows_order" CHECK ("pause_windows"."ended_at" is null or "pause_windows"."ended_at" >= "pause_windows"."started_at"),
	CONSTRAINT "pause_windows_ended" CHECK (("pause_windows"."ended_at" is null) = ("pause_windows"."ended_by" is null))
);

CREATE TABLE "project_assignments" (
	"device_id" uuid NOT NULL,
	"project_epoch" integer NOT NULL,
	"from_project_id" uuid,
	"to_project_id" uuid,
	"assigned_by" text NOT NULL,
	"reason" text,
	"assigned_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "project_assignments_device_id_project_epoch_pk" PRIMARY KEY("device_id","project_epoch")
);

CREATE TABLE "purge_receipts" (
	"device_id" uuid NOT NULL,
	"project_epoch" integer NOT NULL,
	"from_project_id" text,
	"to_project_id" text,
	"cleared_count" integer NOT NULL,
	"cleared_bytes" bigint NOT NULL,
	"aborted_count" integer NOT NULL,
	"ids_xxh64" text NOT NULL,
	"cleared_at" timestamp with time zone NOT NULL,
	"received_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "purge_receipts_device_id_project_epoch_pk" PRIMARY KEY("device_id","project_epoch"),
	CONSTRAINT "purge_receipts_counts" CHECK ("purge_receipts"."cleared_count" >= "purge_receipts"."aborted_count" and "purge_receipts"."aborted_count" >= 0 and "purge_receipts"."cleared_bytes" >= 0)
);

CREATE TABLE "pairing_failures" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"subject" text NOT NULL,
	"failed_at" timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE "pairing_requests" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"state" text DEFAULT 'pending' NOT NULL,
	"device_code_sha256" text NOT NULL,
	"user_code" text NOT NULL,
	"model_id" uuid NOT NULL,
	"client_id" text NOT NULL,
	"device_name" text NOT NULL,
	"upload_to" text,
	"firmware_version" text,
	"remote_address" text,
	"interval_seconds" integer NOT NULL,
	"last_polled_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"project_id" uuid,
	"device_id" uuid,
	"decided_by" text,
	"decided_at" timestamp with time zone,
	CONSTRAINT "pairing_requests_device_code_sha256_unique" UNIQUE("device_code_sha256"),
	CONSTRAINT "pairing_requests_state" CHECK ("pairing_requests"."state" in ('pending', 'approved', 'denied', 'redeemed')),
	CONSTRAINT "pairing_requests_decided" CHECK (("pairing_requests"."state" = 'pending') = ("pairing_requests"."decided_at" is null)),
	CONSTRAINT "pairing_requests_device" CHECK (("pairing_requests"."state" in ('approved', 'redeemed')) = ("pairing_requests"."device_id" is not null)),
	CONSTRAINT "pairing_requests_project" CHECK ("pairing_requests"."state" not in ('approved', 'redeemed') or ("pairing_requests"."project_id" is null) = ("pairing_requests"."upload_to" is not null))
);

CREATE TABLE "token_families" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"device_id" uuid NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"revoked_at" timestamp with time zone,
	"revoked_because" text,
	CONSTRAINT "token_families_revoked" CHECK (("token_families"."revoked_at" is null) = ("token_families"."revoked_because" is null)),
	CONSTRAINT "token_families_reason" CHECK ("token_families"."revoked_because" in ('deauthorized', 'refreshTokenReused', 'pairedAgain', 'forgotten'))
);

CREATE TABLE "token_pairs" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"family_id" uuid NOT NULL,
	"parent_id" uuid,
	"project_epoch" integer NOT NULL,
	"access_sha256" text NOT NULL,
	"access_expires_at" timestamp with time zone NOT NULL,
	"access_ended_at" timestamp with time zone,
	"refresh_sha256" text NOT NULL,
	"refresh_expires_at" timestamp with time zone NOT NULL,
	"issued_at" timestamp with time zone DEFAULT now() NOT NULL,
	"first_used_at" timestamp with time zone,
	"superseded_at" timestamp with time zone,
	CONSTRAINT "token_pairs_access_sha256_unique" UNIQUE("access_sha256"),
	CONSTRAINT "token_pairs_refresh_sha256_unique" UNIQUE("refresh_sha256")
);

CREATE TABLE "accounts" (
	"id" text PRIMARY KEY NOT NULL,
	"account_id" text NOT NULL,
	"provider_id" text NOT NULL,
	"user_id" text NOT NULL,
	"access_token" text,
	"refresh_token" text,
	"id_token" text,
	"access_token_expires_at" timestamp with time zone,
	"refresh_token_expires_at" timestamp with time zone,
	"scope" text,
	"password" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE "people" (
	"id" text PRIMARY KEY NOT NULL,
	"name" text NOT NULL,
	"email" text NOT NULL,
	"email_verified" boolean DEFAULT false NOT NULL,
	"image" text,
	"role" text DEFAULT 'viewer' NOT NULL,
	"disabled_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "people_email_unique" UNIQUE("email"),
	CONSTRAINT "people_role" CHECK ("people"."role" in ('viewer', 'operator', 'admin'))
);

CREATE TABLE "sessions" (
	"id" text PRIMARY KEY NOT NULL,
	"token" text NOT NULL,
	"user_id" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"ip_address" text,
	"user_agent" text,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "sessions_token_unique" UNIQUE("token")
);

CREATE TABLE "sign_in_links" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"token_sha256" text NOT NULL,
	"purpose" text NOT NULL,
	"person_id" text,
	"expires_at" timestamp with time zone NOT NULL,
	"used_at" timestamp with time zone,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	CONSTRAINT "sign_in_links_token_sha256_unique" UNIQUE("token_sha256"),
	CONSTRAINT "sign_in_links_purpose" CHECK ("sign_in_links"."purpose" in ('firstOperator', 'passwordReset')),
	CONSTRAINT "sign_in_links_person" CHECK (("sign_in_links"."purpose" = 'passwordReset') = ("sign_in_links"."person_id" is not null))
);

CREATE TABLE "verifications" (
	"id" text PRIMARY KEY NOT NULL,
	"identifier" text NOT NULL,
	"value" text NOT NULL,
	"expires_at" timestamp with time zone NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"updated_at" timestamp with time zone DEFAULT now() NOT NULL
);

CREATE TABLE "projects" (
	"id" uuid PRIMARY KEY DEFAULT gen_random_uuid() NOT NULL,
	"name" text NOT NULL,
	"timezone" text DEFAULT 'UTC' NOT NULL,
	"folder_by" text DEFAULT 'capture' NOT NULL,
	"created_at" timestamp with time zone DEFAULT now() NOT NULL,
	"archived_at" timestamp with time zone,
	CONSTRAINT "projects_name" CHECK (length("projects"."name") between 1 and 120),
	CONSTRAINT "projects_folder_by" CHECK ("projects"."folder_by" in ('capture', 'upload'))
);

ALTER TABLE "asset_parts" ADD CONSTRAINT "asset_parts_asset_id_assets_id_fk" FOREIGN KEY ("asset_id") REFERENCES "public"."assets"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "assets" ADD CONSTRAINT "assets_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "public"."devices"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "assets" ADD CONSTRAINT "assets_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "command_executions" ADD CONSTRAINT "command_executions_command_id_commands_id_fk" FOREIGN KEY ("command_id") REFERENCES "public"."commands"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "command_executions" ADD CONSTRAINT "command_executions_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "public"."devices"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "connections" ADD CONSTRAINT "connections_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "public"."devices"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "connections" ADD CONSTRAINT "connections_gateway_id_gateways_id_fk" FOREIGN KEY ("gateway_id") REFERENCES "public"."gateways"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "device_events" ADD CONSTRAINT "device_events_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "public"."devices"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "device_reports" ADD CONSTRAINT "device_reports_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "public"."devices"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "device_uploads" ADD CONSTRAINT "device_uploads_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "public"."devices"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "devices" ADD CONSTRAINT "devices_model_id_device_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."device_models"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "devices" ADD CONSTRAINT "devices_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "pause_windows" ADD CONSTRAINT "pause_windows_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "public"."devices"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "project_assignments" ADD CONSTRAINT "project_assignments_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "public"."devices"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "project_assignments" ADD CONSTRAINT "project_assignments_from_project_id_projects_id_fk" FOREIGN KEY ("from_project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "project_assignments" ADD CONSTRAINT "project_assignments_to_project_id_projects_id_fk" FOREIGN KEY ("to_project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "purge_receipts" ADD CONSTRAINT "purge_receipts_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "public"."devices"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "pairing_requests" ADD CONSTRAINT "pairing_requests_model_id_device_models_id_fk" FOREIGN KEY ("model_id") REFERENCES "public"."device_models"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "pairing_requests" ADD CONSTRAINT "pairing_requests_project_id_projects_id_fk" FOREIGN KEY ("project_id") REFERENCES "public"."projects"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "pairing_requests" ADD CONSTRAINT "pairing_requests_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "public"."devices"("id") ON DELETE no action ON UPDATE no action;
ALTER TABLE "token_families" ADD CONSTRAINT "token_families_device_id_devices_id_fk" FOREIGN KEY ("device_id") REFERENCES "public"."devices"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "token_pairs" ADD CONSTRAINT "token_pairs_family_id_token_families_id_fk" FOREIGN KEY ("family_id") REFERENCES "public"."token_families"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_user_id_people_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_people_id_fk" FOREIGN KEY ("user_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;
ALTER TABLE "sign_in_links" ADD CONSTRAINT "sign_in_links_person_id_people_id_fk" FOREIGN KEY ("person_id") REFERENCES "public"."people"("id") ON DELETE cascade ON UPDATE no action;
CREATE UNIQUE INDEX "asset_parts_one_final" ON "asset_parts" USING btree ("asset_id") WHERE "asset_parts"."is_final";
CREATE UNIQUE INDEX "assets_idempotency" ON "assets" USING btree ("device_id","idempotency_key") WHERE "assets"."idempotency_key" is not null;
CREATE INDEX "assets_project" ON "assets" USING btree ("project_id","created_at");
CREATE INDEX "assets_device" ON "assets" USING btree ("device_id","created_at");
CREATE INDEX "assets_unfinished" ON "assets" USING btree ("state") WHERE "assets"."state" in ('created', 'assembling');
CREATE INDEX "assets_custody_pending" ON "assets" USING btree ("custody") WHERE "assets"."custody" = 'pending';
CREATE INDEX "audit_events_at" ON "audit_events" USING btree ("at");
CREATE INDEX "audit_events_device" ON "audit_events" USING btree ("device_id","id");
CREATE INDEX "audit_events_project" ON "audit_events" USING btree ("project_id","id");
CREATE UNIQUE INDEX "command_executions_once" ON "command_executions" USING btree ("command_id","device_id");
CREATE INDEX "command_executions_open" ON "command_executions" USING btree ("device_id","lane_seq") WHERE "command_executions"."finalized_at" is null;
CREATE INDEX "command_executions_device" ON "command_executions" USING btree ("device_id","queued_at");
CREATE INDEX "commands_created" ON "commands" USING btree ("created_at");
CREATE UNIQUE INDEX "connections_open" ON "connections" USING btree ("device_id") WHERE "connections"."closed_at" is null;
CREATE INDEX "connections_device" ON "connections" USING btree ("device_id","opened_at");
CREATE INDEX "connections_gateway_open" ON "connections" USING btree ("gateway_id") WHERE "connections"."closed_at" is null;
CREATE UNIQUE INDEX "device_events_once" ON "device_events" USING btree ("device_id","outbox_id","seq");
CREATE INDEX "device_events_device" ON "device_events" USING btree ("device_id","id");
CREATE INDEX "device_uploads_state" ON "device_uploads" USING btree ("state","received_at");
CREATE INDEX "device_uploads_asset" ON "device_uploads" USING btree ("asset_id");
CREATE UNIQUE INDEX "devices_model_client" ON "devices" USING btree ("model_id","client_id");
CREATE INDEX "devices_project" ON "devices" USING btree ("project_id");
CREATE INDEX "devices_changed" ON "devices" USING btree ("changed_at");
CREATE INDEX "pause_windows_device" ON "pause_windows" USING btree ("device_id","started_at");
CREATE UNIQUE INDEX "pause_windows_open" ON "pause_windows" USING btree ("device_id",coalesce("channel", -1)) WHERE "pause_windows"."ended_at" is null;
CREATE INDEX "pairing_failures_subject" ON "pairing_failures" USING btree ("subject","failed_at");
CREATE INDEX "pairing_requests_user_code" ON "pairing_requests" USING btree ("user_code");
CREATE UNIQUE INDEX "pairing_requests_open_code" ON "pairing_requests" USING btree ("user_code") WHERE "pairing_requests"."state" = 'pending';
CREATE INDEX "token_families_device" ON "token_families" USING btree ("device_id");
CREATE INDEX "token_pairs_family" ON "token_pairs" USING btree ("family_id");
CREATE INDEX "token_pairs_parent" ON "token_pairs" USING btree ("parent_id");
CREATE INDEX "accounts_user" ON "accounts" USING btree ("user_id");
CREATE INDEX "sessions_user" ON "sessions" USING btree ("user_id");
CREATE INDEX "verifications_identifier" ON "verifications" USING btree ("identifier");
