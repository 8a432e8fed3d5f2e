ALTER TABLE "device_uploads" ADD COLUMN "vanished_at" timestamp with time zone;
