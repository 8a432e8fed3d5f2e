import { hostname } from 'node:os'
import type { StartLink } from '../link-port.ts'
import { realClock } from './link-clock.ts'
import { runLink } from './run-link.ts'

/** Starts the control link; it connects, reports and takes commands by itself until it is stopped. */
export const startLink: StartLink = ({ port, log, allowInsecure = false }) =>
  runLink({
    port,
    log: log.child({ room: 'link' }),
    allowInsecure,
    clock: realClock,
    random: Math.random,
    machine: { hostname: hostname(), platform: `${process.platform} ${process.arch}` },
  })
