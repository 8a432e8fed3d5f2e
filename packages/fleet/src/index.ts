// One line per verb, by folder; whoever adds a verb adds its line.

export { endCauseOf, endCauses } from '@rushes/protocol'
export { type Standing, standings, type UploadGroup, uploadGroups } from '@rushes/upload-core'
export { type ActivityEntry, type ActivityFilter, listActivity } from './activity/list-activity.ts'
export { type AcknowledgePartInput, type AcknowledgePartOutcome, acknowledgeParts } from './assets/acknowledge-parts.ts'
export { type AssemblingAsset, type BeginAssemblyOutcome, beginAssemblies } from './assets/begin-assemblies.ts'
export { closeExpiredUploads } from './assets/close-expired.ts'
export { type CompleteAssemblyOutcome, completeAssemblies } from './assets/complete-assemblies.ts'
export { countOpenUploads } from './assets/count-open-uploads.ts'
export { type CreateAssetInput, type CreateAssetOutcome, createAssets } from './assets/create.ts'
export { failAsset } from './assets/fail.ts'
export { failOverdue } from './assets/fail-overdue.ts'
export { type ClipContent, findClipContent } from './assets/find-content.ts'
export { type FoundPart, findPart, findParts } from './assets/find-parts.ts'
export { findVerification, type PendingVerification } from './assets/find-verification.ts'
export {
  type FinishVerificationInput,
  type FinishVerificationOutcome,
  finishVerification,
} from './assets/finish-verification.ts'
export { type Clip, type ClipInTrash, type ClipPart, getClip, listClipParts } from './assets/get-clip.ts'
export { type DueAssets, listDueAssets } from './assets/list-due.ts'
export { listOpenUploads, type OpenUpload } from './assets/list-open-uploads.ts'
export { listOwnAssets, type OwnAsset } from './assets/list-own.ts'
export type { CreatedAsset } from './assets/new-clip.ts'
export { projectFolder } from './assets/project-folder.ts'
export { readAssetStatus } from './assets/read-status.ts'
export { type RecordCustodyOutcome, recordCustody } from './assets/record-custody.ts'
export { type RegisterPartsOutcome, registerParts } from './assets/register-parts.ts'
export type { RegisteredPart } from './assets/registered-part.ts'
export { type RenameClipOutcome, renameClip } from './assets/rename.ts'
export { reserveStoreKeys } from './assets/reserve-store-keys.ts'
export { numberedName, safeName } from './assets/safe-name.ts'
export { whichHaveEnded } from './assets/which-have-ended.ts'
export { whichTakeParts } from './assets/which-take-parts.ts'
export { openWholeClipsChannel } from './assets/whole-clips-channel.ts'
export { type AuditEntry, recordAudit } from './audit/record.ts'
export type { Bus, BusProblem } from './bus/bus.ts'
export { createPgBus } from './bus/pg-bus.ts'
export { wake } from './bus/wake.ts'
export { decodeWake, encodeWake, type Wake, wakeChannel } from './bus/wake-payload.ts'
export { type EmptyTrashOutcome, emptyTrash } from './clips/empty-trash.ts'
export { type ClipPage, type ListedClip, listClips } from './clips/list-clips.ts'
export {
  listTrash,
  summarizeTrash,
  type TrashCursor,
  type TrashedClip,
  type TrashPage,
  type TrashSummary,
} from './clips/list-trash.ts'
export {
  type ClaimedMedia,
  claimMedia,
  type MediaFacts,
  type MediaResult,
  maxMediaAttempts,
  recordMedia,
} from './clips/media.ts'
export { type ClaimedRemoval, claimRemovals, deferRemoval, finishRemoval } from './clips/removals.ts'
export { type RestoreClipsOutcome, type RestoreSkip, restoreClips } from './clips/restore.ts'
export {
  maxRetentionDays,
  previewRetention,
  type Retention,
  type RetentionPreview,
  type SetRetentionOutcome,
  setRetention,
} from './clips/retention.ts'
export { giveUpOverdue, trashAged } from './clips/retire.ts'
export { type TrashClipsOutcome, type TrashSkip, trashClips } from './clips/trash.ts'
export type { ClipVersion } from './clips/versions.ts'
export { type CalledOff, calledOffExecutions } from './commands/called-off.ts'
export { type CancelCommandOutcome, cancelCommand } from './commands/cancel.ts'
export {
  type EnqueueCommandInput,
  type EnqueueCommandOutcome,
  enqueueCommand,
  type OperatorCommand,
  type SkippedDevice,
} from './commands/enqueue.ts'
export type { ExecutionRow } from './commands/execution-row.ts'
export { type CommandDetail, type CommandRow, getCommand } from './commands/get.ts'
export { type CommandCursor, listCommands } from './commands/list.ts'
export { listDeviceExecutions } from './commands/list-device-executions.ts'
export {
  type CommandPreview,
  type DevicePreview,
  type PreviewKind,
  previewCommand,
  previewKinds,
} from './commands/preview.ts'
export { type RecordUpdateOutcome, recordExecutionUpdate } from './commands/record-update.ts'
export { sweepExecutions } from './commands/sweep.ts'
export { type Delivery, takeDeliverable } from './commands/take-deliverable.ts'
export { type Acting, type Actor, busy, type Clocked, type Together } from './context.ts'
export { type AskScrubOutcome, askScrub } from './custody/ask-scrub.ts'
export { type ClaimedScrub, claimScrub, type ScrubLane } from './custody/claim-scrub.ts'
export { type ExportedManifest, type ExportManifestOutcome, exportManifest } from './custody/export-manifest.ts'
export { findOldestCheck } from './custody/find-oldest-check.ts'
export { type FinishScrubOutcome, finishScrub, type ScrubFinding } from './custody/finish-scrub.ts'
export type { ClipReading } from './custody/get-reading.ts'
export {
  type ManifestCounts,
  type ManifestScope,
  type ManifestStanding,
  manifestStandings,
} from './custody/manifest-clips.ts'
export { postponeScrub } from './custody/postpone-scrub.ts'
export { type ManifestPreview, previewManifest } from './custody/preview-manifest.ts'
export { type PartReading, saveScrub } from './custody/save-scrub.ts'
export { type AcceptPurgeReceiptOutcome, acceptPurgeReceipt } from './devices/accept-purge-receipt.ts'
export { announceDeviceChange } from './devices/announce-change.ts'
export { type AssignProjectOutcome, assignProject } from './devices/assign-project.ts'
export { type ChangePoll, changedDevices, devicesConnectedTo } from './devices/changed-devices.ts'
export { agentModelName, ensureDeviceModels, genericModelName } from './devices/ensure-models.ts'
export { type FenceStanding, type FenceVerdict, fenceVerdict, purgeReceiptRequired } from './devices/fence.ts'
export type { DeviceReport, Fence, FleetRow, Presence } from './devices/fleet-row.ts'
export { type FleetRowsInput, fleetRows } from './devices/fleet-rows.ts'
export { type ForgetDeviceOutcome, forgetDevice } from './devices/forget.ts'
export { type DeviceDetail, type DeviceMove, type DevicePauseWindow, getDevice } from './devices/get-device.ts'
export { type IdentifiedDevice, identifyDevice } from './devices/identify.ts'
export {
  countDeviceUploads,
  listDeviceUploads,
  type QueueCursor,
  type QueuePage,
} from './devices/list-device-uploads.ts'
export {
  type FleetCursor,
  type FleetFilter,
  type FleetPage,
  type FleetSort,
  fleetSorts,
  listFleet,
} from './devices/list-fleet.ts'
export { listTimeline, type TimelineCursor, type TimelineEntry, type TimelinePage } from './devices/list-timeline.ts'
export { moveToProject } from './devices/move-to-project.ts'
export { type PauseSharingOutcome, pauseSharing } from './devices/pause-sharing.ts'
export { recordDeviceCall } from './devices/record-call.ts'
export { type ResumeSharingOutcome, resumeSharing } from './devices/resume-sharing.ts'
export { type SetAuthorizationExpiryOutcome, setAuthorizationExpiry } from './devices/set-authorization-expiry.ts'
export { type FleetSummary, summarizeFleet } from './devices/summarize-fleet.ts'
export { toUploadRow } from './devices/to-upload-row.ts'
export type { UploadRow } from './devices/upload-row.ts'
export { uploadsByIds, uploadsStoredSince, uploadsToWatch } from './devices/uploads-to-watch.ts'
export { type ApprovePairingInput, type ApprovePairingOutcome, approvePairing } from './pairing/approve.ts'
export { type DenyPairingOutcome, denyPairing } from './pairing/deny.ts'
export { listPendingPairings, type PendingPairing } from './pairing/list-pending.ts'
export { type PollPairingInput, type PollPairingOutcome, pollPairing } from './pairing/poll.ts'
export { type RequestCodeInput, type RequestCodeOutcome, requestPairingCode } from './pairing/request-code.ts'
export { type Auth, type AuthOptions, createAuth, maxPasswordLength, minPasswordLength } from './people/auth.ts'
export { callerOf } from './people/caller.ts'
export { clientAddressReader } from './people/client-address.ts'
export {
  type CreateFirstOperatorLinkOutcome,
  createFirstOperatorLink,
} from './people/create-first-operator-link.ts'
export { type CreatePersonOutcome, createPerson } from './people/create-person.ts'
export { type CreateResetLinkOutcome, createResetLink } from './people/create-reset-link.ts'
export { type EnsureFirstOperatorOutcome, ensureFirstOperator } from './people/ensure-first-operator.ts'
export { findSession, type Person, type SignedIn } from './people/find-session.ts'
export { findSignInLink, type UnusableLink, type UsableLink } from './people/find-sign-in-link.ts'
export { type Allowance, createLeakyBuckets } from './people/leaky-buckets.ts'
export { type ListedPerson, listPeople } from './people/list-people.ts'
export { isRole, type Role, roleSuffices, roles } from './people/roles.ts'
export { type UseSignInLinkInput, type UseSignInLinkOutcome, useSignInLink } from './people/use-sign-in-link.ts'
export { closeConnection } from './presence/close-connection.ts'
export { type ConnectionToClose, connectionsToClose } from './presence/connections-to-close.ts'
export { gatewayLease, holdGatewayLease, stopGateway } from './presence/lease.ts'
export { isOnline } from './presence/online.ts'
export { type OpenConnectionInput, type OpenConnectionOutcome, openConnection } from './presence/open-connection.ts'
export {
  type CreatedProject,
  type CreateProjectInput,
  type CreateProjectOutcome,
  createProject,
} from './projects/create.ts'
export { type ListedProject, listProjects } from './projects/list.ts'
export { getProjectOverview, type ProjectMove, type ProjectOverview } from './projects/overview.ts'
export { type ProjectSharingOutcome, pauseProjectSharing, resumeProjectSharing } from './projects/pause-sharing.ts'
export { type SetFolderByOutcome, setFolderBy } from './projects/set-folder-by.ts'
export { isTimezone } from './projects/timezone.ts'
export { markVanishedUploads } from './reports/mark-vanished.ts'
export { type StoreEventsOutcome, storeEvents } from './reports/store-events.ts'
export { storeStatus } from './reports/store-status.ts'
export { storeUploads } from './reports/store-uploads.ts'
export { type AcknowledgeListedOutcome, acknowledgeListedParts } from './store-uploads/acknowledge-listed.ts'
export { claimStoreLooks, type StoreLook } from './store-uploads/claim-looks.ts'
export { findStoreUpload } from './store-uploads/find.ts'
export { forgetStoreUpload } from './store-uploads/forget.ts'
export { listEndedStoreUploads } from './store-uploads/list-ended.ts'
export { listIdleStoreUploads } from './store-uploads/list-idle.ts'
export { type OpenStoreUploadOutcome, openStoreUpload } from './store-uploads/open.ts'
export { postponeStoreLook } from './store-uploads/postpone-look.ts'
export { rememberStoreUpload } from './store-uploads/remember.ts'
export {
  type AuthenticateAccessOutcome,
  authenticateAccesses,
  type CallingDevice,
} from './tokens/authenticate-access.ts'
export {
  type AuthenticateDeviceSecretOutcome,
  authenticateDeviceSecret,
  type SecretDevice,
} from './tokens/authenticate-device-secret.ts'
export { type DeauthorizeOutcome, deauthorizeDevice } from './tokens/deauthorize.ts'
export { type GrantByDeviceSecretOutcome, grantByDeviceSecret } from './tokens/grant-by-device-secret.ts'
export type { IssuedTokens } from './tokens/issue-pair.ts'
export { type RefreshPairOutcome, refreshTokenPair } from './tokens/refresh-pair.ts'
export { countStoredBytes } from './upkeep/count-stored-bytes.ts'
export { failAbandoned } from './upkeep/fail-abandoned.ts'
export { findKnownStore, knowStore } from './upkeep/know-store.ts'
export { type Condition, listConditions } from './upkeep/list-conditions.ts'
export { type ConditionCode, reportConditions } from './upkeep/report-conditions.ts'
export { retention, sweepHistory } from './upkeep/sweep-history.ts'
export { createWorkTurns, type WorkTurns } from './upkeep/work-turns.ts'
export type { ClipCursor, ClipRow } from './uploads/clip-rows.ts'
export { countUploads, type UploadFilter } from './uploads/list-uploads.ts'
