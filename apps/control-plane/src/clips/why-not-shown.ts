/** Why the browser does not show a clip: the player tells no more than "it does not work", the server knows better. */
export type NotShown = 'format' | 'noPicture' | 'gone' | 'signedOut' | 'unreachable'

/** Asks for the head of the content alone, to tell a format that the browser cannot play from bytes that are not there. */
export async function whyNotShown(url: string, signal: AbortSignal): Promise<NotShown> {
  try {
    const answer = await fetch(url, { method: 'HEAD', signal })
    if (answer.ok) return 'format'
    if (answer.status === 401 || answer.status === 403) return 'signedOut'
    return answer.status === 404 ? 'gone' : 'unreachable'
  } catch {
    return 'unreachable' // told as such, with the way to try again
  }
}

export const notShownWords: Record<NotShown, { title: string; text: string }> = {
  format: {
    title: 'This browser cannot play this clip',
    text: 'It does not know the format or its codec, or the recording itself is damaged. Download it to open it in an editor.',
  },
  noPicture: {
    title: 'This browser plays the sound, not the picture',
    text: 'It does not know the picture’s codec. Download the clip to watch it in a player that does.',
  },
  gone: {
    title: 'The stored file is gone or was changed on disk',
    text: 'The destination no longer has the bytes that it verified. Look at its storage; keep the original.',
  },
  signedOut: { title: 'You are signed out', text: 'Sign in again to watch this clip.' },
  unreachable: { title: 'The clip cannot be reached just now', text: 'Ingest does not answer. Try again in a moment.' },
}
