import { createHash } from 'node:crypto'

/** To compare values later without keeping them: for thousands of devices their texts would be tens of megabytes. */
export const digest = (value: unknown): string => createHash('sha1').update(JSON.stringify(value)).digest('base64')
