'use client'
import { useState } from 'react'
import { Button } from '@/ui/button.tsx'
import { TextField } from '@/ui/field.tsx'
import { SignInRefused, signIn } from './auth-calls.ts'

export function SignInForm({ next }: { next: string }) {
  const [email, setEmail] = useState('')
  const [password, setPassword] = useState('')
  const [refusal, setRefusal] = useState<string | null>(null)
  const [isRunning, setRunning] = useState(false)
  return (
    <form
      className="flex flex-col gap-4"
      onSubmit={async (event) => {
        event.preventDefault()
        setRunning(true)
        setRefusal(null)
        try {
          await signIn(email, password)
          window.location.assign(next)
        } catch (error) {
          if (!(error instanceof SignInRefused)) throw error
          setRefusal(error.message)
          setRunning(false)
        }
      }}
    >
      <TextField
        label="E-mail"
        type="email"
        name="email"
        autoComplete="username"
        required
        value={email}
        onChange={(event) => setEmail(event.target.value)}
      />
      <TextField
        label="Password"
        type="password"
        name="password"
        autoComplete="current-password"
        required
        value={password}
        onChange={(event) => setPassword(event.target.value)}
      />
      {refusal !== null && (
        <p role="alert" className="text-base text-bad">
          {refusal}
        </p>
      )}
      <Button type="submit" look="primary" disabled={isRunning}>
        Sign in
      </Button>
      <p className="text-sm text-ink-2">
        No password, or a forgotten one? An admin makes you a link with which you set it. The very first person opens
        the one-time link that Rushes printed as it started.
      </p>
    </form>
  )
}
