import { get, type IncomingMessage } from 'node:http'
import { until } from './until.ts'

export type LiveEvent<Message> = { id: string; message: Message }

/** A browser's end of a live stream: server-sent events, read as they come, or not read at all. */
export class LiveReader<Message extends { type: string }> {
  readonly events: LiveEvent<Message>[] = []
  readonly failures: unknown[] = []
  isClosed = false
  lastEventId: string | null = null
  pingCount = 0
  private readonly response: IncomingMessage
  private text = ''

  private constructor(response: IncomingMessage) {
    this.response = response
    response.setEncoding('utf8')
    response.on('data', (chunk: string) => this.read(chunk))
    response.on('close', () => {
      this.isClosed = true
    })
    response.on('error', () => undefined) // told by `isClosed`
  }

  static async open<Message extends { type: string }>(
    port: number,
    path: 'live.fleet' | 'live.device',
    options: { cookie?: string; input?: object; lastEventId?: string | null; headers?: Record<string, string> },
  ): Promise<{ status: number; reader: LiveReader<Message> }> {
    const input = encodeURIComponent(JSON.stringify(options.input ?? {}))
    const headers: Record<string, string> = { accept: 'text/event-stream', ...options.headers }
    if (options.cookie !== undefined) headers.cookie = options.cookie
    if (typeof options.lastEventId === 'string') headers['last-event-id'] = options.lastEventId
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`http://127.0.0.1:${port}/live/${path}?input=${input}`, { headers, agent: false }, resolve).on(
        'error',
        reject,
      )
    })
    return { status: response.statusCode ?? 0, reader: new LiveReader<Message>(response) }
  }

  /** The first message not taken yet that fits; waits for it. */
  next<Type extends Message['type']>(
    type: Type,
    fits: (message: Extract<Message, { type: Type }>) => boolean = () => true,
    withinMs?: number,
  ): Promise<LiveEvent<Extract<Message, { type: Type }>>> {
    return until(
      `a ${type} message`,
      () => {
        const index = this.events.findIndex(({ message }) => isOfType<Message, Type>(message, type) && fits(message))
        const [event] = index < 0 ? [] : this.events.splice(index, 1)
        return event !== undefined && isOfType<Message, Type>(event.message, type)
          ? { id: event.id, message: event.message }
          : null
      },
      withinMs,
    )
  }

  /** Stops reading, as a browser does whose machine sleeps. */
  pause(): void {
    this.response.pause()
  }

  resume(): void {
    this.response.resume()
  }

  close(): void {
    this.response.destroy()
  }

  private read(chunk: string): void {
    this.text += chunk
    const blocks = this.text.split('\n\n')
    this.text = blocks.pop() ?? ''
    for (const block of blocks) this.take(block)
  }

  private take(block: string): void {
    const fields = new Map(
      block.split('\n').map((line) => [line.split(':')[0] ?? '', line.slice(line.indexOf(':') + 2)]),
    )
    const event = fields.get('event')
    if (event === 'ping') this.pingCount += 1
    if (event === 'serialized-error') this.failures.push(JSON.parse(fields.get('data') ?? 'null'))
    const id = fields.get('id')
    if (event !== undefined || id === undefined) return
    this.lastEventId = id
    this.events.push({ id, message: JSON.parse(fields.get('data') ?? 'null') })
  }
}

function isOfType<Message extends { type: string }, Type extends Message['type']>(
  message: Message,
  type: Type,
): message is Extract<Message, { type: Type }> {
  return message.type === type
}
