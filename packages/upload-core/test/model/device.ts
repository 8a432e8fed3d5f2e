import {
  type Consequence,
  consequenceOf,
  counted,
  freshRegistration,
  offsetSeconds,
  type PartEvent,
  type PartState,
  partUrlIsDead,
  takeLease,
  transitionPart,
  transitionUpload,
  type UploadEvent,
  type UploadState,
  type Verdict,
} from '../../src/index.ts'
import type { CreateReply, ModelDestination } from './destination.ts'

/** What is on the model device's disk of one clip: it survives a crash. */
export type DurableUpload = {
  id: string
  project: string
  capturedAt: number
  partsTotal: number
  key: string
  keyCount: number
  state: UploadState
  parts: PartState[]
  wasReset: boolean
  /** Its addresses ran out at a destination that keeps no keys: what arrived before nobody can know. */
  mayBeDoubled: boolean
}

/** A step under way: it dies with the process. `reply` is null until the destination has acted. */
export type Step =
  | { kind: 'create'; id: string; token: number; reply: CreateReply | null }
  | { kind: 'part'; id: string; token: number; number: number; assetId: string; reply: 'stored' | 'closed' | null }

const error = { class: 'agent', code: 'MODEL', message: 'model' } as const
const retry = (blame: 'item' | 'surroundings'): Verdict => ({
  kind: 'retry',
  blame,
  reason: blame === 'item' ? 'backoff' : 'offline',
  minDelayMs: 0,
})

/** A device that obeys the machines, one durable step at a time. Time is in whole seconds, the machines' in milliseconds. */
export class ModelDevice {
  readonly uploads: DurableUpload[] = []
  steps: Step[] = []
  project = 'A'
  now = 1_000
  boot = 1
  #lastToken = 0
  readonly #destination: ModelDestination

  constructor(destination: ModelDestination) {
    this.#destination = destination
  }

  get #ms(): number {
    return this.now * 1000
  }

  capture(partsTotal: number): void {
    const id = `clip-${this.uploads.length + 1}`
    const state: UploadState = { kind: 'queued', registration: freshRegistration }
    this.uploads.push({
      id,
      project: this.project,
      capturedAt: this.now,
      partsTotal,
      key: `${id}/0`,
      keyCount: 0,
      state,
      parts: [],
      wasReset: false,
      mayBeDoubled: false,
    })
  }

  /** Claims join on the project of the device. */
  claimCreate(): void {
    const upload = this.uploads.find(({ project, state }) => project === this.project && state.kind === 'queued')
    if (upload === undefined) return
    const lease = takeLease(++this.#lastToken, 0)
    this.#apply(upload, { kind: 'claimed', lease })
    this.steps.push({ kind: 'create', id: upload.id, token: lease.token, reply: null })
  }

  claimPart(): void {
    for (const upload of this.uploads) {
      if (upload.project !== this.project || upload.state.kind !== 'uploading') continue
      const lease = takeLease(this.#lastToken + 1, 0)
      const index = upload.parts.findIndex(
        (part) => transitionPart(part, { kind: 'claimed', lease }, { now: this.#ms }).kind === 'moved',
      )
      if (index < 0) continue
      this.#lastToken++
      this.#applyPart(upload, index + 1, { kind: 'claimed', lease })
      if (partUrlIsDead(upload.state.asset.urlsIssuedAt, this.#ms)) {
        upload.mayBeDoubled ||= !this.#destination.keepsKeys
        const consequence: Consequence = { kind: 'startOver', reason: 'urlExpired' }
        this.#applyPart(upload, index + 1, { kind: 'failed', token: lease.token, consequence })
        this.#tellUpload(upload, consequence)
        return
      }
      this.steps.push({
        kind: 'part',
        id: upload.id,
        token: lease.token,
        number: index + 1,
        assetId: upload.state.asset.assetId,
        reply: null,
      })
      return
    }
  }

  /** The request reaches the destination; the offset is computed now. */
  send(step: Step): void {
    const upload = this.#uploadOf(step)
    if (step.kind === 'create') {
      const { capturedAt, key, partsTotal } = upload
      const offset = offsetSeconds(capturedAt * 1000, this.#ms)
      // A row that was cleared while its step waited for its turn sends nothing.
      if (upload.state.kind !== 'registering' || upload.state.lease.token !== step.token) {
        this.#forget(step)
        return
      }
      step.reply = this.#destination.create({ capture: upload.id, key, offset, partsTotal }, this.now)
    } else {
      if (!this.#holdsPart(upload, step)) {
        this.#forget(step)
        return
      }
      step.reply = this.#destination.put(step.assetId, step.number)
    }
  }

  /** The reply arrives (`arrived`), or is lost on the way. */
  conclude(step: Step, arrived: boolean, random: number): void {
    this.#forget(step)
    const upload = this.#uploadOf(step)
    if (step.kind === 'create') this.#concludeCreate(upload, step, arrived, random)
    else this.#concludePart(upload, step, arrived, random)
  }

  /** The process dies; what was under way is forgotten, what is durable is taken back at the next start. */
  crash(random: number, reboot: boolean): void {
    this.steps = []
    if (reboot) this.boot++
    for (const upload of this.uploads) {
      if (upload.state.kind === 'registering')
        this.#apply(upload, {
          kind: 'claimLost',
          consequence: this.#afterLoss(upload.state.registration.attempts, random),
        })
      upload.parts.forEach((part, index) => {
        if (part.kind !== 'sending') return
        const consequence = this.#afterLoss(part.attempts, random)
        this.#applyPart(upload, index + 1, { kind: 'lost', consequence })
        this.#tellUpload(upload, consequence)
      })
      this.#apply(upload, { kind: 'booted', bootId: `boot-${this.boot}` })
    }
  }

  /** Reads the identity: another project clears what belongs to the former one, and what is under way is stopped. */
  readIdentity(): void {
    const { project } = this.#destination
    this.#destination.mustReadIdentity = false
    if (project === this.project) return
    this.project = project
    for (const upload of this.uploads)
      if (upload.project !== project) this.#apply(upload, { kind: 'cleared', reason: 'projectChanged' })
  }

  passTime(seconds: number): void {
    this.now += seconds
    for (const upload of this.uploads) this.#apply(upload, { kind: 'waitEnded' })
  }

  decide(index: number, kind: 'retried' | 'reset' | 'cancelled' | 'cleared'): void {
    const upload = this.uploads[index % Math.max(1, this.uploads.length)]
    if (upload === undefined || upload.project !== this.project) return
    const event: UploadEvent =
      kind === 'cancelled'
        ? { kind, reason: 'cancelledByOperator' }
        : kind === 'cleared'
          ? { kind, reason: 'clearedByOperator' }
          : { kind }
    upload.wasReset ||= kind === 'reset'
    this.#apply(upload, event)
  }

  #concludeCreate(
    upload: DurableUpload,
    { token, reply }: Extract<Step, { kind: 'create' }>,
    arrived: boolean,
    random: number,
  ): void {
    if (arrived && reply?.kind === 'created') {
      const { assetId, partsTotal } = reply
      const isTaken = this.#apply(upload, { kind: 'created', token, assetId, partsTotal, urlsIssuedAt: this.#ms })
      if (isTaken && upload.parts.length === 0)
        upload.parts = Array.from({ length: partsTotal }, () => ({ kind: 'pending', attempts: 0, notBefore: null }))
      return
    }
    if (arrived && reply?.kind === 'projectChanged') {
      this.readIdentity()
      this.#apply(upload, { kind: 'claimReturned', token, uncertain: false })
      return
    }
    const attempts = upload.state.kind === 'registering' ? upload.state.registration.attempts : 1
    const verdict: Verdict =
      arrived && reply?.kind === 'paused' ? { kind: 'block' } : retry(random < 0.5 ? 'item' : 'surroundings')
    this.#apply(upload, {
      kind: 'createFailed',
      token,
      uncertain: !arrived,
      error,
      consequence: this.#consequence(verdict, attempts, random),
    })
  }

  #concludePart(upload: DurableUpload, step: Extract<Step, { kind: 'part' }>, arrived: boolean, random: number): void {
    if (arrived && step.reply === 'stored') {
      const isTaken = this.#applyPart(upload, step.number, {
        kind: 'acknowledged',
        token: step.token,
        xxh64: '0'.repeat(16),
      })
      if (isTaken) this.#apply(upload, { kind: 'partAcknowledged' })
      return
    }
    const part = upload.parts[step.number - 1]
    const verdict: Verdict =
      arrived && step.reply === 'closed'
        ? { kind: 'startOver', reason: 'uploadLostByDestination' }
        : retry(random < 0.5 ? 'item' : 'surroundings')
    if (arrived && step.reply === 'closed') this.readIdentity()
    const consequence = this.#consequence(verdict, part?.attempts ?? 1, random)
    if (this.#applyPart(upload, step.number, { kind: 'failed', token: step.token, consequence }))
      this.#tellUpload(upload, consequence)
  }

  #tellUpload(upload: DurableUpload, consequence: Consequence): void {
    if (consequence.kind === 'awaitRestart')
      this.#apply(upload, { kind: 'partsExhausted', bootId: consequence.bootId, error })
    if (consequence.kind === 'startOver') this.#apply(upload, { kind: 'assetLost', reason: consequence.reason, error })
    if (consequence.kind === 'fail') this.#apply(upload, { kind: 'failed', reason: consequence.reason, error })
    if (consequence.kind === 'tryAgain' && consequence.at === null)
      this.#apply(upload, { kind: 'partsStalled', reason: consequence.reason, until: null, deprioritised: false })
  }

  #apply(upload: DurableUpload, event: UploadEvent): boolean {
    const transition = transitionUpload(upload.state, event, { now: this.#ms })
    if (transition.kind === 'ignored') return false
    upload.state = transition.state
    for (const effect of transition.effects) {
      if (effect === 'dropParts') upload.parts = []
      if (effect === 'renewCreateKey') upload.key = `${upload.id}/${++upload.keyCount}`
      if (effect === 'abortSending')
        this.steps = this.steps.filter((step) => step.id !== upload.id || step.kind === 'create')
      if (effect === 'refreshPartTries')
        for (let number = 1; number <= upload.parts.length; number++)
          this.#applyPart(upload, number, { kind: 'triesRefreshed' })
    }
    return true
  }

  #applyPart(upload: DurableUpload, number: number, event: PartEvent): boolean {
    const part = upload.parts[number - 1]
    const transition = part === undefined ? null : transitionPart(part, event, { now: this.#ms })
    if (transition?.kind !== 'moved') return false
    upload.parts[number - 1] = transition.state
    return true
  }

  #holdsPart(upload: DurableUpload, step: Extract<Step, { kind: 'part' }>): boolean {
    const part = upload.parts[step.number - 1]
    return part?.kind === 'sending' && part.lease.token === step.token
  }

  #consequence(verdict: Verdict, attempts: number, random: number): Consequence {
    return consequenceOf(verdict, {
      attempts,
      destinationHealthy: true,
      now: this.#ms,
      bootId: `boot-${this.boot}`,
      random,
    })
  }

  #afterLoss(attempts: number, random: number): Consequence {
    return counted(0, { attempts, now: this.#ms, bootId: `boot-${this.boot}`, random })
  }

  #uploadOf(step: Step): DurableUpload {
    const upload = this.uploads.find(({ id }) => id === step.id)
    if (upload === undefined) throw new Error('a step belongs to an upload')
    return upload
  }

  #forget(step: Step): void {
    this.steps = this.steps.filter((other) => other !== step)
  }
}
