import { appRouter, crossSiteRefusal } from '@rushes/api'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { apiContext } from '@/server/api-context.ts'
import { server } from '@/server/server.ts'

async function answer(request: Request): Promise<Response> {
  const refusal = crossSiteRefusal(request, server().config.publicUrl)
  if (refusal !== null) return Response.json({ error: refusal.message }, { status: refusal.status })
  return fetchRequestHandler({
    endpoint: '/api/trpc',
    router: appRouter,
    req: request,
    createContext: () => apiContext(request.headers),
    responseMeta: () => ({ headers: new Headers({ 'cache-control': 'no-store' }) }),
  })
}

export { answer as GET, answer as POST }
