import { additionCalls } from './addition-calls.ts'
import { requireAddress } from './address.ts'
import { assetCalls } from './asset-calls.ts'
import { authCalls } from './auth-calls.ts'
import { deviceCalls } from './device-calls.ts'
import type { CreateDestination } from './port.ts'
import { putPart } from './put-part.ts'

export const createDestination: CreateDestination = (settings, { baseUrl, isOurs }) => {
  const url = requireAddress(baseUrl, settings.allowInsecure)
  const { exchangeDeviceSecret, ...auth } = authCalls(settings, url, isOurs)
  return {
    baseUrl,
    additions: isOurs ? { exchangeDeviceSecret, ...additionCalls(settings, url) } : null,
    ...auth,
    ...deviceCalls(settings, url, isOurs),
    ...assetCalls(settings, url, isOurs),
    putPart: async (request) => (await settings.courier?.put(request)) ?? putPart(settings, request),
  }
}
