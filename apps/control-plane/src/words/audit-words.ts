/** What an audit row says, as a sentence that begins with who did it. */
export function auditSentence(action: string, actorName: string): string {
  const verb = auditVerbs[action]
  return verb === undefined ? `${actorName}: ${action}` : `${actorName} ${verb}`
}

/** Actions that the server writes; one that is newer than this page is shown by its code. */
const auditVerbs: Record<string, string> = {
  'clip.checkAgain': 'asked to check a clip again',
  'clip.custodyLost': 'found that a stored clip is no longer sound',
  'clip.custodyRestored': 'found that a stored clip is sound again',
  'clip.rename': 'renamed a clip',
  'command.assignProject': 'moved it to another project',
  'command.cancel': 'cancelled a command',
  'command.clearQueue': 'asked to clear the queue',
  'command.holdUploads': 'asked to hold uploads',
  'command.releaseUploads': 'asked to release uploads',
  'command.unblockUpload': 'asked to offer a clip again that was captured in a pause',
  'command.retryUploads': 'asked to retry uploads',
  'device.assignProject': 'moved it to another project',
  'device.deauthorize': 'gave up the pairing',
  'device.forget': 'forgot the device',
  'device.pauseSharing': 'paused sharing',
  'device.purgeReceipt': 'confirmed a move with a receipt',
  'device.resumeSharing': 'resumed sharing',
  'device.revokeTokens': 'lost its tokens: one that was spent was used again',
  'device.setAuthorizationExpiry': 'set until when it may act',
  'pairing.approve': 'let the device in',
  'pairing.deny': 'turned a device away',
  'person.create': 'added a person',
  'person.createFirstOperator': 'came in as first operator',
  'person.createFirstOperatorLink': 'made the link for the first operator',
  'person.createResetLink': 'made a link to set a password',
  'person.resetPassword': 'set a new password',
  'project.checkAgain': 'asked to check every clip again',
  'clip.trash': 'moved a clip to the trash',
  'clip.restore': 'restored a clip from the trash',
  'clip.remove': 'removed a clip for good',
  'project.emptyTrash': 'emptied the trash',
  'project.setFolderBy': 'changed how clips are filed',
  'project.setRetention': 'set how long things are kept',
  'project.create': 'created the project',
  'project.exportManifest': 'took a manifest',
}
