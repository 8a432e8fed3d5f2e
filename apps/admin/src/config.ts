import { userInfo } from 'node:os'
import { resolve } from 'node:path'
import { z } from 'zod'
import { AdminError } from './admin-error.ts'

const environment = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  RUSHES_PUBLIC_URL: z.url({ protocol: /^https?$/ }).optional(),
  RUSHES_ADMIN_EMAIL: z.string().min(1).optional(),
  RUSHES_ADMIN_PASSWORD: z.string().min(1).optional(),
  RUSHES_CLIENT_SECRET: z.string().min(16).optional(),
  INIT_CWD: z.string().optional(),
})

const examples: Readonly<Record<string, string>> = {
  DATABASE_URL: 'postgresql://rushes:secret@localhost:5432/rushes',
  RUSHES_PUBLIC_URL: 'https://rushes.example.com',
  RUSHES_CLIENT_SECRET: 'at-least-16-characters',
}

export type Config = {
  databaseUrl: string | null
  publicUrl: string | null
  /** Who is let in when nobody is there yet; without both, by a one-time link. */
  firstOperator: { email?: string; password?: string }
  /** Of the model for other C2C devices. */
  clientSecret: string | undefined
  /** Paths given on the command line are relative to this. */
  workingDir: string
  /** The name that audit rows carry. */
  actorName: string
}

/** Reads the environment once. @throws AdminError `badEnvironment` */
export function readConfig(): Config {
  const parsed = environment.safeParse(process.env)
  if (!parsed.success) {
    const name = String(parsed.error.issues[0]?.path[0])
    throw new AdminError(
      'badEnvironment',
      `${name} cannot be used`,
      `For example ${name}=${examples[name] ?? 'a text that is not empty'}`,
    )
  }
  const { RUSHES_ADMIN_EMAIL: email, RUSHES_ADMIN_PASSWORD: password } = parsed.data
  return {
    databaseUrl: parsed.data.DATABASE_URL ?? null,
    publicUrl: parsed.data.RUSHES_PUBLIC_URL ?? null,
    firstOperator: email === undefined || password === undefined ? {} : { email, password },
    clientSecret: parsed.data.RUSHES_CLIENT_SECRET,
    workingDir: resolve(parsed.data.INIT_CWD ?? process.cwd()),
    actorName: `rushes-admin (${userInfo().username})`,
  }
}
