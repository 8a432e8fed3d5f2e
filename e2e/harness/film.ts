import { execFile } from 'node:child_process'
import { open, readFile } from 'node:fs/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { promisify } from 'node:util'

/** A film as MP4, as its recorder writes it: everything up to the end of the picture, then the index, then the length in the head. */
export type Film = {
  bytes: Buffer
  /** Where the length of the picture data stands, which is not known before the end. */
  lengthAt: number
  /** Where the index begins. */
  indexAt: number
  bytesPerSecond: number
}

const stepMs = 100

/** Makes a film of noise by ffmpeg, since only noise fills a rate like that of a camera. */
export async function makeFilm(
  path: string,
  { bytesPerSecond, seconds }: { bytesPerSecond: number; seconds: number },
): Promise<Film> {
  const rate = String(bytesPerSecond * 8)
  await promisify(execFile)('ffmpeg', [
    ...['-hide_banner', '-loglevel', 'error', '-y', '-f', 'lavfi'],
    ...['-i', `testsrc2=size=1920x1080:rate=25:duration=${seconds},noise=alls=60:allf=t,format=yuv420p`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '25'],
    ...['-b:v', rate, '-minrate', rate, '-maxrate', rate, '-bufsize', rate, '-x264-params', 'nal-hrd=cbr', path],
  ])
  const bytes = await readFile(path)
  const picture = findBox(bytes, 'mdat')
  const index = findBox(bytes, 'moov')
  if (picture.endAt !== index.startAt) throw new Error('ffmpeg wrote something else than a picture and its index')
  return { bytes, lengthAt: picture.startAt, indexAt: index.startAt, bytesPerSecond }
}

function findBox(bytes: Buffer, type: string): { startAt: number; endAt: number } {
  for (let startAt = 0; startAt + 8 <= bytes.byteLength; ) {
    const endAt = startAt + bytes.readUInt32BE(startAt)
    if (bytes.toString('latin1', startAt + 4, startAt + 8) === type) return { startAt, endAt }
    if (endAt <= startAt) break
    startAt = endAt
  }
  throw new Error(`there is no ${type} in the film`)
}

/**
 * Writes the film at its rate, the last second of it not before `mayEnd` resolves. Resolves with the instant at which it was closed, in
 * milliseconds since 1970.
 */
export async function recordFilm(path: string, film: Film, mayEnd: Promise<unknown>): Promise<number> {
  const { bytes, lengthAt, indexAt, bytesPerSecond } = film
  const file = await open(path, 'w')
  const growing = Buffer.from(bytes)
  growing.writeUInt32BE(0, lengthAt)
  let written = 0
  const writeUntil = async (endByte: number) => {
    const [begunMs, from] = [performance.now(), written]
    for (let step = 1; written < endByte; step++) {
      const untilByte = Math.min(endByte, from + Math.floor((bytesPerSecond * step * stepMs) / 1_000))
      await file.write(growing, written, untilByte - written, written)
      written = untilByte
      await wait(Math.max(0, begunMs + step * stepMs - performance.now()))
    }
  }
  await writeUntil(indexAt - bytesPerSecond)
  await mayEnd
  await writeUntil(indexAt)
  await file.write(bytes, indexAt, bytes.byteLength - indexAt, indexAt)
  await file.write(bytes, lengthAt, 4, lengthAt)
  await file.close()
  return Date.now()
}
