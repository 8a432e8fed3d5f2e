import { type Discovery, protocolVersion } from '@rushes/protocol'
import { connection } from 'next/server'
import { server } from '@/server/server.ts'

/** Tells a device that knows only this address where everything else is. */
export async function GET(): Promise<Response> {
  await connection()
  const { publicUrl, ingestUrl } = server().config
  const discovery: Discovery = {
    rushes: protocolVersion,
    ingestUrl,
    publicUrl,
    agentUrl: new URL('/agent', publicUrl.replace(/^http/, 'ws')).href,
  }
  return Response.json(discovery, { headers: { 'cache-control': 'no-store' } })
}
