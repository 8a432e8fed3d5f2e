import { execFile, spawn } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterEach, expect, test } from 'vitest'
import { type Device, endAll, startDevice } from './agent-process.ts'

afterEach(endAll)

const run = promisify(execFile)
const seconds = 12

/** Pictures that take next to no work, and enough bytes of them: what is tested is how each format is written, and finished. */
const picture = ['-f', 'lavfi', '-i', 'testsrc2=size=400x224:rate=25']
const mpeg2 = [
  ...picture,
  '-c:v',
  'mpeg2video',
  '-q:v',
  '1',
  '-b:v',
  '24M',
  '-minrate',
  '24M',
  '-maxrate',
  '24M',
  '-bufsize',
  '8M',
]
const noise = ['-f', 'lavfi', '-i', 'anoisesrc=r=192000', '-ac', '2', '-c:a', 'pcm_s32le']

const recordings = [
  { name: 'A001.mov', args: mpeg2 },
  { name: 'A002.mp4', args: mpeg2 },
  { name: 'A003.mxf', args: mpeg2 },
  { name: 'A004.avi', args: mpeg2 },
  { name: 'A005.mkv', args: mpeg2 },
  { name: 'A006.wav', args: noise },
  { name: 'A007.mov', args: [...mpeg2, '-movflags', '+faststart'] },
  { name: 'A008.mp4', args: [...mpeg2, '-movflags', '+faststart'] },
] as const

const isInstalled = await run('ffmpeg', ['-version']).then(
  () => true,
  () => false,
)

/** Records in real time; resolves when the recorder has finished. */
function recordTo(path: string, args: readonly string[]): Promise<number> {
  const child = spawn('ffmpeg', ['-v', 'error', '-re', ...args, '-t', String(seconds), '-y', path], { stdio: 'ignore' })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) => resolve(code ?? -1))
  })
}

const arrived = ({ server }: Device): number[] =>
  [...(server.assets[0]?.parts.values() ?? [])].flatMap(({ number, received }) => (received === null ? [] : number))

const timesSent = ({ server }: Device, number: number): number =>
  server.requests.filter(({ method, path }) => method === 'PUT' && path === `/parts/asset-1/${number}`).length

for (const mode of ['ours', 'foreign'] as const) {
  test.skipIf(!isInstalled).for(recordings)(
    `what ffmpeg records to $name arrives while it does, byte for byte, and plays, at a server that is ${mode}`,
    async ({ name, args }) => {
      const watch = [{ path: '../card', mode: 'realtime', bytesPerSecond: 5_242_880 }]
      const device = await startDevice({ mode, store: 'memory', settings: { watch, settleMs: 2_000 } })
      await device.start()
      const path = join(device.watchDir, name)
      let isRecording = true
      const recording = recordTo(path, args).finally(() => {
        isRecording = false
      })
      const isPrepended = args.includes('+faststart')
      await device.server.until(
        () => arrived(device).length >= (isPrepended ? 2 : 1),
        `parts of ${name} arrive`,
        30_000,
      )
      expect(isRecording).toBe(true)
      const early = arrived(device)
      expect(await recording).toBe(0)
      const home = mode === 'ours' ? 'verified' : 'uploaded'
      await device.until((all) => all.length === 1 && all[0]?.state === home, `${name} is ${home}`)
      const complete = device.server.completedAssets()
      expect(complete).toHaveLength(1)
      const bytes = complete[0]?.bytes() ?? Buffer.alloc(0)
      expect(bytes.equals(await readFile(path))).toBe(true)
      expect(device.server.violations).toEqual([])
      expect(device.server.assets).toHaveLength(1)
      // What has arrived stays, also where the whole file has moved up behind a new head.
      if (isPrepended) expect(early.map((number) => timesSent(device, number))).toEqual(early.map(() => 1))
      const copy = join(device.stateDir, name)
      await writeFile(copy, bytes)
      const { stderr } = await run('ffmpeg', ['-v', 'error', '-i', copy, '-f', 'null', '-'])
      expect(stderr).toBe('')
    },
  )
}
