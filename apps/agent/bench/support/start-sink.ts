import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

export type Sink = {
  url: string
  /** Resolves with the instant, in milliseconds since 1970, at which the first byte of a body comes from now on. */
  firstByte(): Promise<number>
  /** Resolves with the instant at which the next final part of a growing file has come. */
  finalPart(): Promise<number>
  /** Bytes of bodies that have come since the beginning. */
  receivedBytes(): Promise<number>
  /** Bodies of which some has come and some is still to come. */
  bodiesUnderWay(): Promise<number>
  stop(): void
}

/** `certificates`: a folder of them, for TLS; `once`: no connection is used a second time; `partBytes`: how large parts are, at most. */
export async function startSink(
  given: { certificates?: string; once?: boolean; partBytes?: number } = {},
): Promise<Sink> {
  const { certificates, once = false, partBytes } = given
  const argv = [
    ...(certificates === undefined ? [] : ['--certificates', certificates]),
    ...(once ? ['--once'] : []),
    ...(partBytes === undefined ? [] : ['--part-bytes', String(partBytes)]),
  ]
  const child = spawn(process.execPath, [join(import.meta.dirname, 'sink.ts'), ...argv], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const lines = createInterface({ input: child.stdout })
  const next = (word: string) =>
    new Promise<number>((resolve) => {
      const hear = (line: string) => {
        if (!line.startsWith(word)) return
        lines.off('line', hear)
        resolve(Number(line.slice(word.length)))
      }
      lines.on('line', hear)
    })
  const port = await next('')
  return {
    url: certificates === undefined ? `http://127.0.0.1:${port}` : `https://localhost:${port}`,
    async firstByte() {
      const first = next('first ')
      child.stdin.write('look out\n')
      return first
    },
    finalPart: () => next('final '),
    async receivedBytes() {
      const count = next('count ')
      child.stdin.write('count\n')
      return count
    },
    async bodiesUnderWay() {
      const count = next('open ')
      child.stdin.write('open\n')
      return count
    },
    stop: () => child.stdin.end(),
  }
}
