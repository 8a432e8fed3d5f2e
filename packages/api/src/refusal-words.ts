import type { TRPC_ERROR_CODE_KEY } from '@trpc/server'
import type { Fault } from './refusal.ts'

export type RefusalWords = {
  status: TRPC_ERROR_CODE_KEY
  /** What is the matter, for the person at the screen. */
  message: string
  /** What they can do about it. */
  hint: string
}

type WordsOf = { [Kind in Fault['kind']]: (fault: Extract<Fault, { kind: Kind }>) => RefusalWords }

const words = (status: TRPC_ERROR_CODE_KEY, message: string, hint: string): RefusalWords => ({ status, message, hint })

/** What each fault means to a person. Total: a verb with a new fault does not compile until it has words here. */
const refusalWords: WordsOf = {
  codeUnknown: () =>
    words(
      'NOT_FOUND',
      'No device is waiting with this code.',
      'Compare it with the code on the device; codes live for two minutes.',
    ),
  codeExpired: () =>
    words(
      'CONFLICT',
      'This code has run out.',
      'The device shows a new one by itself, or after pairing is begun again.',
    ),
  alreadyDecided: (fault) =>
    words('CONFLICT', `${fault.decidedBy} has ${fault.decision} this device already.`, 'Nothing more is needed.'),
  projectRequired: () =>
    words('BAD_REQUEST', 'This device needs a project.', 'Choose the project that its clips belong to.'),
  projectNotTaken: (fault) =>
    words(
      'BAD_REQUEST',
      `The uploads of this device go to ${fault.uploadTo}, which names its project.`,
      'Approve it without a project.',
    ),
  projectUnknown: () => words('NOT_FOUND', 'There is no such project.', 'It may have been archived; reload the list.'),
  projectArchived: () => words('CONFLICT', 'This project is archived.', 'Choose a project that is open.'),
  lockedOut: (fault) =>
    words('TOO_MANY_REQUESTS', 'Too many wrong codes.', `Codes are taken again from ${clockTime(fault.until)} UTC.`),
  notPending: () =>
    words('CONFLICT', 'This device is not waiting any more.', 'Somebody else answered it, or its code ran out.'),
  sameProject: () => words('CONFLICT', 'The device is in this project already.', 'Nothing was changed.'),
  foreignDestination: (fault) =>
    words('CONFLICT', `The uploads of this device go to ${fault.uploadTo}.`, 'This is done there, not here.'),
  deviceUnknown: () =>
    words('NOT_FOUND', 'There is no such device.', 'It may have been removed; go back to the fleet.'),
  deviceRevoked: () => words('CONFLICT', 'This device has no pairing any more.', 'Pair it again; its history is kept.'),
  alreadyPaused: (fault) =>
    words('CONFLICT', `${fault.startedBy} has paused sharing here already.`, 'What is captured now does not upload.'),
  notPaused: () => words('CONFLICT', 'Sharing is not paused here.', 'Somebody else may have resumed it.'),
  noDevices: () =>
    words(
      'CONFLICT',
      'None of these devices takes commands.',
      'Commands reach devices that run the Rushes agent and are paired.',
    ),
  alreadyEnded: (fault) =>
    words('CONFLICT', `This command has ended: ${fault.state}.`, 'There is nothing left to cancel.'),
  notCancellable: () =>
    words('CONFLICT', 'A move to another project cannot be cancelled.', 'Move the device back instead.'),
  commandUnknown: () => words('NOT_FOUND', 'There is no such command.', 'Go back to the list of commands.'),
  nameInvalid: () => words('BAD_REQUEST', 'This name cannot be used.', 'Take 1 to 120 characters on one line.'),
  clipNameInvalid: () => words('BAD_REQUEST', 'This name cannot be used.', 'Take 1 to 255 characters on one line.'),
  timezoneUnknown: (fault) =>
    words('BAD_REQUEST', `There is no time zone “${fault.timezone}”.`, 'Use a name such as Europe/Berlin.'),
  emailInvalid: () => words('BAD_REQUEST', 'This is not an e-mail address.', 'Write it like ana@example.com.'),
  emailTaken: (fault) =>
    words('CONFLICT', `${fault.email} belongs to somebody already.`, 'Sign in with it, or take another one.'),
  passwordTooShort: (fault) =>
    words(
      'BAD_REQUEST',
      'This password is too short.',
      `Take at least ${fault.minLength} characters; a few words do well.`,
    ),
  passwordTooLong: (fault) =>
    words('BAD_REQUEST', 'This password is too long.', `Take at most ${fault.maxLength} characters.`),
  personUnknown: () => words('NOT_FOUND', 'Nobody has this e-mail address.', 'Check the spelling.'),
  linkUnknown: () =>
    words('NOT_FOUND', 'This link is of no use.', 'A newer one may have replaced it; ask for another.'),
  linkUsed: () => words('CONFLICT', 'This link was used already.', 'Sign in, or ask for another link.'),
  linkExpired: (fault) =>
    words('CONFLICT', `This link ran out on ${fault.expiredAt.toISOString().slice(0, 10)}.`, 'Ask for another one.'),
  peopleExist: () =>
    words('CONFLICT', 'The first operator is here already.', 'Sign in, or ask an admin to let you in.'),
  trashChanged: (fault) =>
    words(
      'CONFLICT',
      `There are ${fault.clipCount} clips in the trash now, not as many as you saw.`,
      'Look at them, then type the new count.',
    ),
  daysInvalid: (fault) =>
    words('BAD_REQUEST', 'Days are whole numbers.', `Take 1 to ${fault.maxDays.toLocaleString('en')} days.`),
  notReadable: () =>
    words(
      'CONFLICT',
      'The stored bytes of this clip cannot be checked now.',
      'It has not arrived yet, is being checked already, or is in the trash.',
    ),
  clipUnknown: () =>
    words(
      'NOT_FOUND',
      'There is no such clip.',
      'It may not have reached the destination yet; look for it in Uploads.',
    ),
}

/** The words for a fault. */
export function wordsFor(fault: Fault): RefusalWords {
  return wordsOfKind(fault.kind, fault)
}

/** `refusalWords` has a function for every kind that takes a fault of that kind, which TypeScript cannot follow through a lookup. */
function wordsOfKind(kind: Fault['kind'], fault: Fault): RefusalWords {
  const write = refusalWords[kind] as (fault: Fault) => RefusalWords
  return write(fault)
}

const clockTime = (at: Date) => at.toISOString().slice(11, 16)
