import { Readable } from 'node:stream'
import type { Database } from '@rushes/db'
import { exportManifest, type Person, roleSuffices } from '@rushes/fleet'
import { z } from 'zod'
import { manifestArchive } from './manifest-archive.ts'

const scope = z.object({ projectId: z.uuid(), day: z.iso.date().nullable(), deviceId: z.uuid().nullable() })

/**
 * Answers a request for the manifest of a project, or of a day or device in it, with a ZIP. Each request is checked: its
 * cookies belong to an operator, and it does not come from a page of another site, which could ask in the operator's name.
 */
export async function answerManifest(
  request: Request,
  given: {
    projectId: string
    db: Database
    now: Date
    person: Person | null
    publicUrl: string
    tool: { name: string; version: string }
    onFailure: (error: unknown) => void
  },
): Promise<Response> {
  const { db, now, person } = given
  if (person === null) return refuse(401, 'Sign in first.')
  if (!roleSuffices(person.role, 'operator')) return refuse(403, 'This takes the role operator.')
  if (request.headers.get('sec-fetch-site') === 'cross-site') return refuse(403, 'This request came from another site.')
  const query = new URL(request.url).searchParams
  const parsed = scope.safeParse({
    projectId: given.projectId,
    day: query.get('day'),
    deviceId: query.get('device'),
  })
  if (!parsed.success)
    return refuse(400, 'Ask for a project, and if need be for a day such as 2026-11-22 and a device.')
  const outcome = await exportManifest(
    { db, now, actor: { kind: 'person', id: person.id, name: person.name } },
    { scope: parsed.data, hostname: new URL(given.publicUrl).hostname, tool: given.tool },
  )
  if (outcome.kind !== 'exported') return refuse(404, 'There is no such project or device.')
  const archive = manifestArchive(outcome.manifest)
  archive.on('error', given.onFailure)
  const name = `${outcome.manifest.fileName.replace(/^0001_/, '').replace(/\.mhl$/, '')}-ascmhl.zip`
  return new Response(webStreamOf(archive), {
    headers: {
      'content-type': 'application/zip',
      'content-disposition': `attachment; filename="manifest.zip"; filename*=UTF-8''${encodeURIComponent(name)}`,
      'cache-control': 'no-store',
    },
  })
}

/** The same stream for Node's types and for those of the web, which describe it in different words. */
const webStreamOf = (stream: Readable) => Readable.toWeb(stream) as unknown as ReadableStream<Uint8Array>

const refuse = (status: number, message: string) =>
  Response.json({ error: message }, { status, headers: { 'cache-control': 'no-store' } })
