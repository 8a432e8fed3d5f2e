/** A destination in a few lines: what the tests of the machine believe a server to be. Time is in whole seconds. */

export type ModelAsset = {
  id: string
  capture: string
  project: string
  partsTotal: number
  received: Set<number>
  key: string
  /** The device was moved before the asset was whole: it takes no parts any more, wherever the device moves next. */
  isClosed: boolean
}

export type CreateReply =
  | { kind: 'created'; assetId: string; partsTotal: number }
  | { kind: 'paused' }
  | { kind: 'projectChanged' }

export class ModelDestination {
  readonly assets: ModelAsset[] = []
  project = 'A'
  /** The device must read its identity again before it may create. */
  mustReadIdentity = false
  /** Closed pauses, and the open one with an endless end. */
  readonly pauses: Array<{ from: number; to: number }> = []
  readonly keepsKeys: boolean

  constructor(keepsKeys: boolean) {
    this.keepsKeys = keepsKeys
  }

  resume(now: number): void {
    for (const pause of this.pauses) pause.to = Math.min(pause.to, now)
  }

  move(): void {
    this.project = this.project === 'A' ? 'B' : 'A'
    this.mustReadIdentity = true
    for (const asset of this.assets) asset.isClosed ||= asset.received.size < asset.partsTotal
  }

  wasPausedAt(instant: number): boolean {
    return this.pauses.some(({ from, to }) => instant >= from && instant <= to)
  }

  create(request: { capture: string; key: string; offset: number; partsTotal: number }, now: number): CreateReply {
    if (this.mustReadIdentity) return { kind: 'projectChanged' }
    const known = this.keepsKeys ? this.assets.find(({ key, isClosed }) => key === request.key && !isClosed) : undefined
    if (known !== undefined) return { kind: 'created', assetId: known.id, partsTotal: known.partsTotal }
    if (this.wasPausedAt(now - request.offset)) return { kind: 'paused' }
    const id = `asset-${this.assets.length + 1}`
    const { capture, key, partsTotal } = request
    this.assets.push({ id, capture, key, partsTotal, project: this.project, received: new Set(), isClosed: false })
    return { kind: 'created', assetId: id, partsTotal }
  }

  /** A part of a closed asset is refused; one of a whole asset is compared and answered as stored, wherever the device is by then. */
  put(assetId: string, number: number): 'stored' | 'closed' {
    const asset = this.assets.find(({ id }) => id === assetId)
    if (asset === undefined || asset.isClosed) return 'closed'
    asset.received.add(number)
    return 'stored'
  }

  has(assetId: string, number: number): boolean {
    return this.assets.some(({ id, received }) => id === assetId && received.has(number))
  }

  completeOf(capture: string): ModelAsset[] {
    return this.assets.filter((asset) => asset.capture === capture && asset.received.size === asset.partsTotal)
  }
}
