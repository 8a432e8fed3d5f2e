/** Why nobody was signed in, in words for the person at the screen. */
export class SignInRefused extends Error {
  readonly code = 'signInRefused'
}

/** Signs in; afterwards the browser carries the session's cookie. */
export async function signIn(email: string, password: string): Promise<void> {
  const response = await post('/api/auth/sign-in/email', { email, password })
  if (response.ok) return
  if (response.status === 429) throw new SignInRefused('Too many tries. Wait a few minutes, then try again.')
  if (response.status === 401 || response.status === 400)
    throw new SignInRefused('E-mail and password do not belong together.')
  throw new SignInRefused(`The server could not sign you in (${response.status}). Try again in a moment.`)
}

export async function signOut(): Promise<void> {
  const response = await post('/api/auth/sign-out', {})
  if (!response.ok) throw new Error(`signing out was answered with ${response.status}`)
}

/** Renews the session's cookie when it is a day old; a failure is of no account until the session really ends. */
export async function renewSession(): Promise<void> {
  await fetch('/api/auth/get-session', { cache: 'no-store' }).catch(() => undefined)
}

async function post(path: string, body: unknown): Promise<Response> {
  try {
    return await fetch(path, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  } catch (cause) {
    throw new SignInRefused('The server cannot be reached. Check the connection, then try again.', { cause })
  }
}
