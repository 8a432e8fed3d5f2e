import { crossSiteRefusal } from '@rushes/api'
import { server } from '@/server/server.ts'

async function answer(request: Request): Promise<Response> {
  const refusal = crossSiteRefusal(request, server().config.publicUrl)
  if (refusal !== null) return Response.json({ message: refusal.message }, { status: refusal.status })
  return server().auth.handle(request)
}

export { answer as GET, answer as POST }
