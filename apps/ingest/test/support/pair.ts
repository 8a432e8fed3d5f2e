import { randomUUID } from 'node:crypto'
import type { Database } from '@rushes/db'
import { type Actor, approvePairing, assignProject } from '@rushes/fleet'
import { agentClientIdPrefix, grantTypes, tokenResponse } from '@rushes/protocol'
import { z } from 'zod'

export const ana: Actor = { kind: 'person', id: 'person-ana', name: 'Ana' }

/** A paired device as a test plays it: its calls carry its token. */
export type Device = {
  id: string
  clientId: string
  accessToken: string
  refreshToken: string
  /** A call with this device's token; the body is sent as JSON. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>
}
export type Reply = { status: number; headers: Headers; body: unknown; text: string }

export async function send(method: string, url: string, init: RequestInit = {}): Promise<Reply> {
  const response = await fetch(url, { method, ...init })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
  return { status: response.status, headers: response.headers, text, body: isJson ? JSON.parse(text) : text }
}

export const form = (fields: Record<string, string>) => {
  const data = new FormData()
  for (const [name, value] of Object.entries(fields)) data.append(name, value)
  return data
}

const codes = z.object({ device_code: z.string(), user_code: z.string() })

export type Installation = { url: string; database: { db: Database }; projectId: string }

/** The whole way over HTTP: ask for a code, have it approved, poll, read who one is. */
export async function pairDevice(
  at: Installation,
  options: { projectId?: string; clientId?: string; clientSecret?: string; timezone?: string | null } = {},
): Promise<Device> {
  const clientId = options.clientId ?? `${agentClientIdPrefix}${randomUUID()}`
  const client = {
    client_id: clientId,
    ...(options.clientSecret === undefined ? {} : { client_secret: options.clientSecret }),
  }
  const asked = await send('POST', `${at.url}/v2/auth/device/code`, {
    body: form({ ...client, scope: 'asset_create offline', rushes_device_name: 'A-Cam' }),
  })
  const { device_code, user_code } = codes.parse(asked.body)
  const approved = await approvePairing(
    { db: at.database.db, now: new Date(), actor: ana },
    {
      userCode: user_code,
      projectId: options.projectId ?? at.projectId,
      timezone: options.timezone ?? null,
      remoteAddress: null,
    },
  )
  if (approved.kind !== 'approved') throw new Error(JSON.stringify(approved))
  const polled = await send('POST', `${at.url}/v2/auth/token`, {
    body: form({ ...client, grant_type: grantTypes.deviceCode, device_code }),
  })
  const tokens = tokenResponse.parse(polled.body)
  const device = deviceOf(at, {
    id: approved.deviceId,
    clientId,
    accessToken: tokens.access_token,
    refreshToken: tokens.refresh_token,
  })
  const me = await device.call('GET', '/v2/devices/me')
  if (me.status !== 200) throw new Error(me.text)
  return device
}

/** The device with other tokens, after a refresh. */
export function deviceOf(at: { url: string }, identity: Omit<Device, 'call'>): Device {
  return {
    ...identity,
    call: (method, path, body, headers = {}) =>
      send(method, at.url + path, {
        headers: {
          authorization: `Bearer ${identity.accessToken}`,
          'x-client-version': '2.0.0',
          ...(body === undefined ? {} : { 'content-type': 'application/json' }),
          ...headers,
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  }
}

export async function refreshDevice(at: { url: string }, device: Device, clientSecret?: string): Promise<Device> {
  const reply = await send('POST', `${at.url}/v2/auth/token`, {
    body: form({
      client_id: device.clientId,
      ...(clientSecret === undefined ? {} : { client_secret: clientSecret }),
      grant_type: grantTypes.refreshToken,
      refresh_token: device.refreshToken,
    }),
  })
  const tokens = tokenResponse.parse(reply.body)
  return deviceOf(at, { ...device, accessToken: tokens.access_token, refreshToken: tokens.refresh_token })
}

/** An operator moves the device. */
export async function moveDevice(at: Installation, device: Device, toProjectId: string): Promise<void> {
  const moved = await assignProject(
    { db: at.database.db, now: new Date(), actor: ana },
    { deviceId: device.id, projectId: toProjectId },
  )
  if (moved.kind !== 'assigned') throw new Error(moved.kind)
}
