import { checkAgentAddress } from '../link/check-agent-address.ts'
import { realClock } from '../link/link-clock.ts'
import { openSocket } from '../link/open-socket.ts'
import { type Check, well, wrong } from './check.ts'
import type { ReachOptions } from './check-destination.ts'
import { checkRoute } from './check-route.ts'
import { proxyFor } from './proxy-for.ts'

/** Whether the gateway can be reached, step by step. Uploads do not depend on it; what operators see and say does. */
export async function* checkGateway(
  agentUrl: string,
  { proxy, allowInsecure, timeoutMs }: Omit<ReachOptions, 'pool' | 'nowMs'>,
): AsyncGenerator<Check, void> {
  const address = checkAgentAddress(agentUrl, allowInsecure)
  if (address !== 'usable') {
    yield wrong(
      'gateway.address',
      address === 'addressInsecure'
        ? 'the address of the gateway is not encrypted'
        : 'the gateway has no usable address',
      'Pair again with a server over https:, or start the agent with --insecure on a network that you trust.',
    )
    return
  }
  const url = new URL(agentUrl)
  if (yield* checkRoute({ url, of: 'gateway', proxy: proxyFor(url, proxy), timeoutMs }))
    yield await checkAnswer(url, timeoutMs)
}

/** Knocks without the device's secret, which would end the connection of a running agent: a gateway refuses that in its own way. */
async function checkAnswer(url: URL, timeoutMs: number): Promise<Check> {
  const answered = Promise.withResolvers<Check>()
  const refusal = (status: number): Check => {
    if (status === 401 || status === 403) return well('gateway.answer', `${url.host} answers as a gateway does`)
    if (status === 429 || status === 503)
      return well('gateway.answer', `${url.host} is busy (HTTP ${status}); the agent tries again by itself`)
    return wrong(
      'gateway.answer',
      `what answers at ${url.host} is no gateway (HTTP ${status})`,
      'The network may ask for a sign-in, or a proxy in between does not let WebSockets through. Uploads go on without it.',
    )
  }
  const lost = (detail: string) =>
    wrong(
      'gateway.answer',
      `the gateway at ${url.host} does not answer (${detail})`,
      'A proxy or firewall in between may not let WebSockets through; ask whoever runs the network. Uploads go on without it.',
    )
  const socket = openSocket(
    { url: url.href, bearer: '', clock: realClock },
    {
      opened: () => answered.resolve(well('gateway.answer', `${url.host} answers as a gateway does`)),
      refused: (status) => answered.resolve(refusal(status)),
      message: () => undefined,
      heard: () => undefined,
      flushed: () => undefined,
      lost: (_cause, detail) => answered.resolve(lost(detail)),
    },
  )
  const timer = setTimeout(() => answered.resolve(lost('ETIMEDOUT')), timeoutMs)
  const check = await answered.promise
  clearTimeout(timer)
  socket.close(null)
  await socket.gone
  return check
}
