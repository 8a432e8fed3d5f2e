import { createHash, randomBytes } from 'node:crypto'

/** What is stored of a token or secret. They are random and long, so a plain digest cannot be searched backwards. */
export const sha256Hex = (text: string): string => createHash('sha256').update(text).digest('hex')

/** 256 bits nobody can guess, in characters that need no escaping in a form, a header or a URL. */
export const newOpaqueToken = (): string => randomBytes(32).toString('base64url')

/** The control link's credential; it names its device, so that a log line about it can too. */
export const newDeviceSecret = (deviceId: string): string => `rushes_dev_${deviceId}.${newOpaqueToken()}`
