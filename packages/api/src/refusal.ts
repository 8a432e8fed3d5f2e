import type {
  ApprovePairingOutcome,
  AskScrubOutcome,
  AssignProjectOutcome,
  CancelCommandOutcome,
  CreatePersonOutcome,
  CreateProjectOutcome,
  CreateResetLinkOutcome,
  DenyPairingOutcome,
  EmptyTrashOutcome,
  EnqueueCommandOutcome,
  ForgetDeviceOutcome,
  PauseSharingOutcome,
  RenameClipOutcome,
  ResumeSharingOutcome,
  SetAuthorizationExpiryOutcome,
  SetFolderByOutcome,
  SetRetentionOutcome,
  UseSignInLinkOutcome,
} from '@rushes/fleet'

/** Everything that a verb may answer other than by doing what was asked. */
export type Fault =
  | Exclude<ApprovePairingOutcome, { kind: 'approved' }>
  | Exclude<DenyPairingOutcome, { kind: 'denied' }>
  | Exclude<AskScrubOutcome, { kind: 'asked' }>
  | Exclude<AssignProjectOutcome, { kind: 'assigned' }>
  | Exclude<PauseSharingOutcome, { kind: 'paused' }>
  | Exclude<ResumeSharingOutcome, { kind: 'resumed' }>
  | Exclude<ForgetDeviceOutcome, { kind: 'forgotten' }>
  | Exclude<SetAuthorizationExpiryOutcome, { kind: 'set' }>
  | Exclude<RenameClipOutcome, { kind: 'renamed' }>
  | Exclude<EnqueueCommandOutcome, { kind: 'enqueued' | 'alreadyEnqueued' }>
  | Exclude<CancelCommandOutcome, { kind: 'cancelled' }>
  | Exclude<CreateProjectOutcome, { kind: 'created' }>
  | Exclude<CreatePersonOutcome, { kind: 'created' }>
  | Exclude<CreateResetLinkOutcome, { kind: 'created' }>
  | Exclude<EmptyTrashOutcome, { kind: 'emptied' }>
  | Exclude<SetFolderByOutcome, { kind: 'set' }>
  | Exclude<SetRetentionOutcome, { kind: 'set' }>
  | Exclude<UseSignInLinkOutcome, { kind: 'passwordSet' }>

/** Thrown within a procedure when a verb did not do what was asked; the one error-mapping middleware turns it into an answer. */
export class Refusal extends Error {
  readonly code = 'refused'
  readonly fault: Fault

  constructor(fault: Fault) {
    super(fault.kind)
    this.name = 'Refusal'
    this.fault = fault
  }
}

/** The outcome if it is one of these kinds; any other is a fault and refuses the request. */
export function expectKind<Outcome extends { kind: string }, Kind extends Outcome['kind']>(
  outcome: Outcome & (Exclude<Outcome, { kind: Kind }> extends Fault ? unknown : never),
  ...kinds: Kind[]
): Extract<Outcome, { kind: Kind }> {
  if (isOfKind<Outcome, Kind>(outcome, kinds)) return outcome
  throw new Refusal(faultOf(outcome))
}

function isOfKind<Outcome extends { kind: string }, Kind extends Outcome['kind']>(
  outcome: Outcome,
  kinds: readonly string[],
): outcome is Extract<Outcome, { kind: Kind }> {
  return kinds.includes(outcome.kind)
}

/** The signature of `expectKind` admits only outcomes whose other members are faults. */
const faultOf = (outcome: { kind: string }) => outcome as Fault
