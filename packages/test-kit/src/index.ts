export { type FakeClock, fakeClock } from './fake-clock.ts'
export {
  type HttpFault,
  type HttpFaultProxy,
  type InjectedFault,
  type InjectOptions,
  startHttpFaultProxy,
} from './http-fault-proxy.ts'
export { createLink, type Link, type LinkConnection, type LinkShape } from './link-model.ts'
export { type LinkProxy, startLinkProxy } from './link-proxy.ts'
export { type Measured, type Measurement, medianOf, sumUp } from './measurement.ts'
export { freePort, listenOn, listenOnOwnPort } from './own-port.ts'
export { createRequestGate, type RequestGate } from './request-gate.ts'
export { matchesPattern, type ProxiedRequest, type RequestPattern } from './request-pattern.ts'
export { freshSeed, type SeededRandom, seededRandom } from './seeded-random.ts'
export { startTcpFaultProxy, type TcpFault, type TcpFaultProxy } from './tcp-fault-proxy.ts'
