import { randomUUID } from 'node:crypto'
import { agentClientIdPrefix } from '@rushes/protocol'
import { TokenPairs } from './token-pairs.ts'

/** A paired device as the server keeps it. */
export class Device {
  readonly id: string
  readonly clientId: string
  readonly name: string
  readonly isOurAgent: boolean
  readonly deviceSecret: string
  readonly tokens: TokenPairs
  readonly pairedAt = new Date()
  inProjectSince = this.pairedAt
  project: { id: string; name: string } | null
  projectEpoch = 1
  meReadEpoch = 1
  purgeReceiptEpoch = 1

  constructor(options: {
    id: string
    clientId: string
    name: string
    isOurs: boolean
    project: { id: string; name: string } | null
  }) {
    this.id = options.id
    this.clientId = options.clientId
    this.name = options.name
    this.project = options.project
    this.isOurAgent = options.isOurs && options.clientId.startsWith(agentClientIdPrefix)
    this.deviceSecret = `rushes_dev_${options.id}.${randomUUID()}`
    this.tokens = new TokenPairs(options.isOurs)
  }

  /** Grows the epoch and ends the access tokens, as the fence wants; refresh tokens stay good. */
  moveTo(project: { id: string; name: string } | null): void {
    this.project = project
    this.projectEpoch += 1
    this.inProjectSince = new Date()
    this.tokens.endAccess()
  }

  get purgeReceiptRequired(): boolean {
    return this.isOurAgent && this.purgeReceiptEpoch < this.projectEpoch
  }
}

export type PairingRequest = {
  deviceCode: string
  userCode: string
  clientId: string
  deviceName: string
  /** Ours: the pairing is for the control link alone. */
  uploadTo: string | null
  state: 'pending' | 'approved' | 'denied' | 'expired'
  device: Device | null
}
