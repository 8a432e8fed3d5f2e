import { type Discovery, protocolVersion } from '@rushes/protocol'
import type { FastifyInstance } from 'fastify'
import type { IngestContext } from '../context.ts'

/** `GET /.well-known/rushes`: where the links of a device lead. */
export function discoveryRoute(app: FastifyInstance, context: IngestContext): void {
  const addresses: Discovery = {
    rushes: protocolVersion,
    ingestUrl: context.ingestUrl,
    publicUrl: context.publicUrl,
    agentUrl: `${context.publicUrl.replace(/^http/, 'ws')}/agent`,
  }
  app.get('/.well-known/rushes', (_request, reply) => reply.send(addresses))
}
