'use client'
import { useMutation } from '@tanstack/react-query'
import { useEffect, useState } from 'react'
import { useApi } from '@/api-client/api-provider.tsx'
import { Button, ButtonLink } from '@/ui/button.tsx'
import { FailureNotice, failureWords } from '@/ui/failure.tsx'
import { TextField } from '@/ui/field.tsx'
import { signIn } from './auth-calls.ts'
import { Threshold } from './threshold.tsx'

/** What a one-time link opens: the door for the first operator, or a new password. Its token is in the fragment. */
export function LinkScreen() {
  const api = useApi()
  const { mutate, data: link, error, isIdle } = useMutation(api.links.inspect.mutationOptions())
  const [token, setToken] = useState<string | null>(null)
  useEffect(() => {
    const found = window.location.hash.slice(1)
    setToken(found)
    if (found !== '') mutate({ token: found })
  }, [mutate])

  if (token === '')
    return <Unusable message="This address has no link in it." hint="Open the whole link, to its end." />
  if (error !== null) {
    const { message, hint, fault } = failureWords(error)
    return fault === null ? (
      <Threshold title="One-time link">
        <FailureNotice error={error} onRetry={() => token !== null && mutate({ token })} />
      </Threshold>
    ) : (
      <Unusable message={message} hint={hint} />
    )
  }
  if (token === null || isIdle || link === undefined)
    return (
      <Threshold title="One-time link">
        <div role="status" aria-label="Loading" className="flex flex-col gap-3">
          <span className="skeleton h-4 w-2/3" />
          <span className="skeleton h-8 w-full" />
        </div>
      </Threshold>
    )
  return link.kind === 'firstOperator' ? (
    <Threshold title="Welcome to Rushes">
      <p className="mb-4 text-ink-2">
        You are the first one here, and will be an admin. This makes your account; it stays on this installation.
      </p>
      <PasswordForm token={token} known={null} submitLabel="Make my account" />
    </Threshold>
  ) : (
    <Threshold title="Set a password">
      <p className="mb-4 text-ink-2">
        For {link.name}, {link.email}. You will be signed out everywhere else.
      </p>
      <PasswordForm token={token} known={link.email ?? ''} submitLabel="Set password" />
    </Threshold>
  )
}

function Unusable({ message, hint }: { message: string; hint: string }) {
  return (
    <Threshold title={message}>
      <p className="mb-4 text-ink-2">{hint}</p>
      <ButtonLink href="/sign-in">Sign in</ButtonLink>
    </Threshold>
  )
}

/** `known`: the e-mail of the person; null: they say it here. */
function PasswordForm({ token, known, submitLabel }: { token: string; known: string | null; submitLabel: string }) {
  const api = useApi()
  const [name, setName] = useState('')
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const use = useMutation(
    api.links.use.mutationOptions({
      onSuccess: async (used) => {
        await signIn(used.email, password)
        window.location.assign('/fleet')
      },
    }),
  )
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={(event) => {
        event.preventDefault()
        use.mutate({ token, password, ...(known === null ? { person: { name, email } } : {}) })
      }}
    >
      {known === null && (
        <>
          <TextField
            label="Name"
            autoComplete="name"
            hint="Stands beside what you do, for those who ask later who it was."
            required
            value={name}
            onChange={(event) => setName(event.target.value)}
          />
          <TextField
            label="E-mail"
            type="email"
            autoComplete="username"
            hint="What you sign in with next time. Nothing is sent to it."
            required
            value={email}
            onChange={(event) => setEmail(event.target.value)}
          />
        </>
      )}
      {known !== null && <input type="hidden" name="username" autoComplete="username" value={known} readOnly />}
      <TextField
        label="Password"
        type="password"
        autoComplete="new-password"
        hint="At least 10 characters; a few words do well."
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {use.error !== null && <FailureNotice error={use.error} />}
      <Button type="submit" look="primary" disabled={use.isPending}>
        {submitLabel}
      </Button>
    </form>
  )
}
