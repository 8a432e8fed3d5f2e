import { request as httpRequest } from 'node:http'

/** A PUT of a part of which the test sends the body by hand. */
export function startPut(url: string, contentLength: number) {
  const request = httpRequest(url, {
    method: 'PUT',
    headers: { 'content-type': 'video/mp4', 'x-amz-acl': 'private', 'content-length': contentLength },
  })
  const status = new Promise<number | 'broken'>((resolve) => {
    request.on('response', (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
    request.on('error', () => resolve('broken'))
  })
  return { request, status }
}
