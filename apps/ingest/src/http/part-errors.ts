import type { FastifyReply } from 'fastify'

/** Errors of part uploads: codes, statuses and messages as object stores answer them, in XML, because clients match on the code. */
const partErrors = {
  accessDenied: [403, 'AccessDenied', 'Access Denied'],
  expired: [403, 'AccessDenied', 'Request has expired'],
  superseded: [403, 'AccessDenied', 'A newer URL was issued for this part'],
  signatureDoesNotMatch: [
    403,
    'SignatureDoesNotMatch',
    'The request signature we calculated does not match the signature you provided. Check the method, the path and the signed headers content-type and x-amz-acl.',
  ],
  twoCredentials: [
    400,
    'InvalidArgument',
    'Only one auth mechanism allowed: send the signed URL without an Authorization header.',
  ],
  headersNotSigned: [403, 'AccessDenied', 'There were headers present in the request which were not signed'],
  noSuchUpload: [
    404,
    'NoSuchUpload',
    'The specified upload does not exist. It may have been completed, closed or given up.',
  ],
  missingContentLength: [411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.'],
  incompleteBody: [
    400,
    'IncompleteBody',
    'You did not provide the number of bytes that were registered for this part.',
  ],
  entityTooLarge: [400, 'EntityTooLarge', 'Your proposed upload is larger than the size registered for this part.'],
  requestTimeout: [
    400,
    'RequestTimeout',
    'Your socket connection to the server was not read from or written to within the timeout period.',
  ],
  slowDown: [503, 'SlowDown', 'Please reduce your request rate.'],
  displaced: [503, 'SlowDown', 'A later upload of the same part took the place of this one.'],
  outOfSpace: [507, 'InsufficientStorage', 'There is no space left where clips are stored.'],
  serviceUnavailable: [503, 'ServiceUnavailable', 'The service cannot answer at the moment; try again.'],
  internalError: [500, 'InternalError', 'We encountered an internal error. Please try again.'],
} as const satisfies Record<string, readonly [number, string, string]>

export type PartErrorKind = keyof typeof partErrors

/** Answers a part upload with an error. */
export function refusePart(reply: FastifyReply, kind: PartErrorKind): FastifyReply {
  const [status, code, message] = partErrors[kind]
  return reply
    .code(status)
    .type('application/xml')
    .send(
      `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message><RequestId>${reply.request.id}</RequestId></Error>`,
    )
}
