/** What to do about an execution that did not succeed, by the code that the device gave. */
const hints: Readonly<Record<string, string>> = {
  DEVICE_ERROR: 'The device’s log says more. Send the command again once its cause is gone.',
  ASSIGNED_AT_DESTINATION: 'This device uploads to another server, which decides its project: move it there.',
  AUTHORIZATION_LOST: 'Pair the device again; its queue is kept.',
  AGENT_STOPPED: 'The agent was stopped in the middle. Send the command again when it runs.',
  PROJECT_NOT_CONFIRMED:
    'The destination did not confirm the new project. Look whether ingest answers, then move it again.',
  malformedBody: 'Control plane and agent do not understand each other: update the agent.',
  unknownKind: 'The agent is too old for this command: update it.',
  tooManyWaiting: 'The device has too many commands waiting. Send it again when they are through.',
}

export function hintFor(code: string): string {
  return hints[code] ?? 'Send the command again; if it stays, look into the device’s log.'
}
