ALTER TABLE "device_uploads" ADD COLUMN "bytes_lost" bigint DEFAULT 0 NOT NULL;
