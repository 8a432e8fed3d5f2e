import type { LinkState, WaitCause } from './link-machine.ts'

/** What a state of the link means, for the log and for `status`: a code where something is wrong, and a sentence for a person. */
export function describeState(state: LinkState): { cause: string | null; message: string } {
  switch (state.kind) {
    case 'unpaired':
      return { cause: null, message: 'There is no pairing for the control link; uploads need none.' }
    case 'unusable':
      return state.problem === 'addressInsecure'
        ? {
            cause: state.problem,
            message:
              'The address of the control link is not encrypted; pair again over wss:, or allow it with --insecure on a network that you trust.',
          }
        : { cause: state.problem, message: 'The address of the control link is not one; pair again.' }
    case 'connecting':
    case 'greeting':
      return { cause: null, message: 'Connecting to the gateway.' }
    case 'online':
      return { cause: null, message: 'Connected to the gateway.' }
    case 'waiting':
      return { cause: state.cause, message: waitMessages[state.cause] }
    case 'revoked':
      return { cause: 'revoked', message: 'An operator ended the authorization of this device; pair it again.' }
    case 'stopped':
      return { cause: null, message: 'The control link is stopped.' }
  }
}

const waitMessages: Record<WaitCause, string> = {
  unreachable: 'The gateway cannot be reached; it is tried again by itself. Uploading does not depend on it.',
  connectTimeout: 'The gateway does not answer; it is tried again by itself.',
  welcomeTimeout: 'The gateway took the connection and then said nothing; it is tried again by itself.',
  closedByGateway: 'The connection ended; it is made again by itself.',
  silent: 'Nothing was heard of the gateway any more; the connection is made again by itself.',
  malformedFrames:
    'The gateway sent what makes no sense; check the versions on both sides. It is tried again by itself.',
  oversizeFrame:
    'The gateway sent a message that is too large; check the versions on both sides. It is tried again by itself.',
  versionUnsupported:
    'The gateway speaks another version of the protocol; update this agent or the server. It is tried again now and then.',
  internalError: 'The link failed on this device; see the log. It is tried again by itself.',
  drain: 'The gateway is being restarted or relieved; the connection is made again when it said.',
  superseded:
    'Another device or process connected with this identity, perhaps from a copied card; end that one, or pair this one again. It is tried again in some minutes.',
  protocolError:
    'The gateway did not understand this agent; check the versions on both sides. It is tried again by itself.',
  overloaded: 'The gateway has too much to do; it is tried again when it said.',
  tooSlow: 'The network is too slow for what the gateway had to say; the connection is made again.',
  unauthorized:
    'The gateway does not accept the credentials of this device; if that stays so, pair it again. It is tried again now and then.',
  upgradeRefused: 'The gateway or what stands before it refused the connection; it is tried again by itself.',
}
