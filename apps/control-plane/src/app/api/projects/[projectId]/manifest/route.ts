import { findSession } from '@rushes/fleet'
import { answerManifest } from '@/server/manifest/answer-manifest.ts'
import { server } from '@/server/server.ts'
import { version } from '../../../../../../package.json'

export async function GET(request: Request, { params }: { params: Promise<{ projectId: string }> }): Promise<Response> {
  const { auth, config, database, log } = server()
  const { projectId } = await params
  return answerManifest(request, {
    projectId,
    db: database.db,
    now: new Date(),
    person: (await findSession(auth, request.headers))?.person ?? null,
    publicUrl: config.publicUrl,
    tool: { name: 'Rushes', version },
    onFailure: (error) => log.error({ err: error, projectId }, 'a manifest was cut short'),
  })
}
