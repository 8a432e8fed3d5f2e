export { callerOf } from '@rushes/fleet'
