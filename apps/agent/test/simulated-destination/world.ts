import { randomInt, randomUUID } from 'node:crypto'
import type { PurgeReceipt } from '@rushes/protocol'
import type { Asset } from './asset.ts'
import { Device, type PairingRequest } from './device.ts'
import type { PartStore, StoreKind } from './part-store.ts'

export type Mode = 'ours' | 'foreign'
export type SimulatedDestinationOptions = {
  mode: Mode
  /** The project that devices are approved into. */
  project?: { id: string; name: string }
  /** What a device model must say; our own agents are let in without by our servers. */
  clientSecret?: string
  /** Size that a clip is cut into when no count is asked for. */
  chunkSizeBytes?: number
  /** Smallest part but the last that a `parts` of the device may lead to. */
  minPartSizeBytes?: number
  store?: StoreKind
  pairingIntervalSeconds?: number
  /** Approves each pairing code as soon as it is asked for. */
  autoApprove?: boolean
  /** How many custody answers say `pending` before the true one. */
  custodyPendingCount?: number
  /** Where `/.well-known/rushes` says that people and the control link go; this server unless said. */
  publicUrl?: string
  agentUrl?: string
}

/** Everything the simulated server remembers. */
export class World {
  readonly options: Required<Omit<SimulatedDestinationOptions, 'publicUrl' | 'agentUrl'>> &
    Pick<SimulatedDestinationOptions, 'publicUrl' | 'agentUrl'>
  readonly store: PartStore
  readonly pairings: PairingRequest[] = []
  readonly devices: Device[] = []
  readonly assets: Asset[] = []
  readonly receipts: { deviceId: string; projectEpoch: number; receipt: PurgeReceipt }[] = []
  /** Windows during which sharing was paused, milliseconds since 1970; the last may be open. */
  readonly pauses: { fromMs: number; toMs: number }[] = []
  /** What a client did that it must not do; a test expects none. */
  readonly violations: string[] = []

  constructor(options: SimulatedDestinationOptions, store: PartStore) {
    this.store = store
    this.options = {
      project: { id: 'project-1', name: 'First Project' },
      clientSecret: 'model-secret',
      chunkSizeBytes: 25_000_000,
      minPartSizeBytes: 5_242_880,
      store: 'digests',
      pairingIntervalSeconds: 0.05,
      autoApprove: false,
      custodyPendingCount: 0,
      ...options,
    }
  }

  get isOurs(): boolean {
    return this.options.mode === 'ours'
  }

  beginPairing(request: Pick<PairingRequest, 'clientId' | 'deviceName' | 'uploadTo'>): PairingRequest {
    const pairing: PairingRequest = {
      ...request,
      deviceCode: randomUUID(),
      userCode: String(randomInt(1_000_000)).padStart(6, '0'),
      state: 'pending',
      device: null,
    }
    this.pairings.push(pairing)
    if (this.options.autoApprove) this.approve(pairing, this.options.project)
    return pairing
  }

  /** A device that was here before keeps its row; its epoch grows if its project differs. */
  approve(pairing: PairingRequest, project: { id: string; name: string } | null): void {
    const known = this.devices.find((device) => device.clientId === pairing.clientId)
    if (known !== undefined && known.project?.id !== project?.id) known.moveTo(project)
    const device =
      known ??
      new Device({
        id: `device-${this.devices.length + 1}`,
        clientId: pairing.clientId,
        name: pairing.deviceName,
        isOurs: this.isOurs,
        project,
      })
    if (known === undefined) this.devices.push(device)
    else known.tokens.revokeAll()
    pairing.device = device
    pairing.state = 'approved'
  }

  moveDevices(project: { id: string; name: string } | null): void {
    for (const device of this.devices) device.moveTo(project)
    // Our ingest closes what is not whole; the platform lets uploads under way complete.
    if (this.isOurs) for (const asset of this.assets) asset.isClosed ||= !asset.isComplete
  }

  /**
   * Whether a capture that began at this moment fell into a pause. A second is granted on either side: offsets come in whole seconds,
   * and a window must not be escaped by rounding.
   */
  wasPausedAt(capturedAtMs: number): boolean {
    return this.pauses.some(({ fromMs, toMs }) => capturedAtMs >= fromMs - 1_000 && capturedAtMs <= toMs + 1_000)
  }

  get isPausedNow(): boolean {
    return this.pauses.some(({ toMs }) => toMs === Number.POSITIVE_INFINITY)
  }

  noteViolation(text: string): void {
    this.violations.push(text)
  }
}
