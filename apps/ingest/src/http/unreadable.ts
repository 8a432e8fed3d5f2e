import type { Socket } from 'node:net'
import { detailedErrorBody } from '@rushes/protocol'

/** What Node's parser says of a request that it cannot read. */
export function answerUnreadable(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) return void socket.destroy()
  const [status, title, detail] = verdict(error.code)
  const body = JSON.stringify(detailedErrorBody(status, title, detail))
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
  )
}

function verdict(code: string | undefined): [status: number, title: string, detail: string] {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return [431, 'Request Header Fields Too Large', 'The headers of the request are too large']
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return [408, 'Request Timeout', 'The request did not come in time']
    default:
      return [400, 'Bad Request', 'The request cannot be read']
  }
}
