import { discovery, protocolVersion } from '@rushes/protocol'
import { looksLikeWebPage } from '@rushes/upload-core'
import { z } from 'zod'
import { requireAddress } from './address.ts'
import { call } from './call.ts'
import type { Discover, Discovered, Unsuccessful } from './port.ts'
import { parseJson } from './reply-failure.ts'

/** `GET /.well-known/rushes`. A web page with 200 is a captive portal and says nothing about the server; "not found" says that it is foreign. */
export const discover: Discover = async (settings, serverUrl, signal) => {
  const origin = new URL(requireAddress(serverUrl, settings.allowInsecure).origin)
  const answer = await call(settings, origin, { method: 'GET', path: '/.well-known/rushes' }, signal)
  return answer.kind === 'answered' ? read(answer.text) : (foreignBy(answer) ?? answer)
}

const someVersion = z.looseObject({ rushes: z.union([z.number(), z.string()]) })

function read(text: string): Discovered {
  const body = parseJson(text)
  const ours = discovery.safeParse(body)
  if (ours.success) {
    const { ingestUrl, publicUrl, agentUrl } = ours.data
    return { kind: 'ours', ingestUrl, publicUrl, agentUrl }
  }
  const other = someVersion.safeParse(body)
  if (other.success && other.data.rushes !== protocolVersion)
    return { kind: 'unsupportedVersion', version: String(other.data.rushes).slice(0, 32) }
  return { kind: 'foreign' }
}

function foreignBy(answer: Unsuccessful): Discovered | null {
  if (answer.kind !== 'failed' || answer.failure.kind !== 'reply') return null
  const { status, contentType, body } = answer.failure
  if (status === 404 || status === 405 || status === 410) return { kind: 'foreign' }
  // Some API gateways answer unknown paths with "unauthorized" or "bad request"; a page with such a status is rather the network's.
  const isApiRefusal = status === 400 || status === 401 || status === 403
  return isApiRefusal && !looksLikeWebPage(contentType, body) ? { kind: 'foreign' } : null
}
