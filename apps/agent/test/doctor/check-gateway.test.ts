import { createServer } from 'node:http'
import { createServer as createTcpServer } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { checkGateway } from '../../src/doctor/check-gateway.ts'
import { allOf, deadPort, endAll, listen, onlyProblem } from './checks.ts'

afterEach(endAll)

const noProxy = { httpProxy: '', httpsProxy: '', noProxy: '' }
const look = (agentUrl: string, timeoutMs = 10_000) =>
  allOf(checkGateway(agentUrl, { proxy: noProxy, allowInsecure: false, timeoutMs }))

/** As a gateway does it, a stranger is refused before anything else. */
async function gatewayThatRefuses(status: number) {
  const heard: (string | undefined)[] = []
  const server = createServer()
  const sockets = new WebSocketServer({
    server,
    verifyClient: ({ req }, answer) => {
      heard.push(req.headers.authorization)
      answer(false, status)
    },
  })
  sockets.on('error', () => undefined) // the server's, which are told of there
  return { url: `ws://127.0.0.1:${await listen(server)}/agent`, heard }
}

test('a gateway is known by how it refuses strangers, and no secret is shown to it', async () => {
  const gateway = await gatewayThatRefuses(401)
  const checks = await look(gateway.url)
  expect(checks.map(({ check, ok }) => [check, ok])).toEqual([
    ['gateway.connection', true],
    ['gateway.answer', true],
  ])
  expect(gateway.heard).toEqual(['Bearer'])
  expect((await look((await gatewayThatRefuses(503)).url)).at(-1)).toMatchObject({
    ok: true,
    message: expect.stringContaining('busy'),
  })
})

test('a page in place of a gateway is told', async () => {
  const port = await listen(createServer((_request, response) => response.end('<html>Sign in</html>')))
  expect(onlyProblem(await look(`ws://127.0.0.1:${port}/agent`))).toMatchObject({
    check: 'gateway.answer',
    message: expect.stringContaining('no gateway (HTTP 200)'),
  })
})

test('a gateway that is down, drops connections, or says nothing is told', async () => {
  expect(onlyProblem(await look(`ws://127.0.0.1:${await deadPort()}/agent`)).check).toBe('gateway.connection')
  const dropping = await listen(createTcpServer((socket) => socket.once('data', () => socket.resetAndDestroy())))
  expect(onlyProblem(await look(`ws://127.0.0.1:${dropping}/agent`)).check).toBe('gateway.answer')
  const silent = await listen(createTcpServer((socket) => socket.on('error', () => undefined)))
  expect(onlyProblem(await look(`ws://127.0.0.1:${silent}/agent`, 300)).message).toContain('ETIMEDOUT')
})

test('a gateway whose address is not encrypted or none is told', async () => {
  expect(onlyProblem(await look('ws://192.0.2.1/agent'))).toMatchObject({
    check: 'gateway.address',
    message: expect.stringContaining('not encrypted'),
  })
  expect(onlyProblem(await look('nonsense')).check).toBe('gateway.address')
})
