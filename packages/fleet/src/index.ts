export { decodeWake, encodeWake, type Wake, wakeChannel } from './bus/wake-payload.ts'
export { wake } from './bus/wake.ts'
