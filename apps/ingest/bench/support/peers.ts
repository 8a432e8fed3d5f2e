import { execFile } from 'node:child_process'
import { mkdir, open, rm, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freePort } from '@rushes/test-kit'
import { expectStatus } from './connection.ts'
import { startProgram } from './program.ts'
import type { Receiver } from './throughput.ts'

const run = promisify(execFile)
const nginxCommand = '/usr/sbin/nginx'

/** Whether there is an nginx; as root on Debian it is brought. */
export async function hasNginx(): Promise<boolean> {
  const answers = () =>
    run(nginxCommand, ['-v']).then(
      () => true,
      () => false, // not installed: that is the question
    )
  if (await answers()) return true
  if (process.getuid?.() !== 0) return false
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  try {
    await run('apt-get', ['update', '-q'], { env })
    await run('apt-get', ['install', '-y', '-q', '--no-install-recommends', 'nginx-light'], { env })
  } catch (error) {
    console.error(error instanceof Error ? error.message : error)
  }
  return answers()
}

/** nginx that takes PUTs as WebDAV does. It syncs nothing by itself: `sync -d` of each file is part of what is timed. */
export async function startNginx(dir: string): Promise<Receiver> {
  const root = join(dir, 'nginx')
  await mkdir(join(root, 'files'), { recursive: true })
  const port = await freePort()
  await writeFile(
    join(root, 'nginx.conf'),
    `user ${userInfo().username}; daemon off; worker_processes auto; pid ${root}/pid; error_log stderr warn;
events { worker_connections 1024; }
http {
  access_log off; client_max_body_size 0; client_body_buffer_size 1m; client_body_temp_path ${root}/coming;
  server { listen 127.0.0.1:${port}; root ${root}/files; location / { dav_methods PUT; } }
}
`,
  )
  const origin = `http://127.0.0.1:${port}`
  // By SIGTERM its master ends the workers too; killed, it would leave them behind.
  const argv = ['-p', root, '-c', join(root, 'nginx.conf')]
  const program = await startProgram(nginxCommand, argv, { answersAt: origin, killedBy: 'SIGTERM' })
  return {
    name: 'nginx',
    origin,
    async prepare(count) {
      const file = (nth: number) => join(root, 'files', String(nth))
      return {
        async send(connection, nth, body) {
          expectStatus(await connection.send('PUT', `/${nth}`, {}, body), 201)
          await syncData(file(nth))
        },
        forget: async () => {
          for (let nth = 0; nth < count; nth++) await rm(file(nth))
        },
      }
    },
    async stop() {
      await program.stop()
      await rm(root, { recursive: true, force: true })
    },
  }
}

/** What `sync -d FILE` does, without a program started for it. */
async function syncData(path: string): Promise<void> {
  const file = await open(path, 'r')
  try {
    await file.datasync()
  } finally {
    await file.close()
  }
}

/** The tus server with its file store. It syncs nothing, and nothing is synced for it. */
export async function startTus(dir: string): Promise<Receiver> {
  const root = join(dir, 'tus')
  await mkdir(root, { recursive: true })
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const main = join(import.meta.dirname, 'tus-program.ts')
  const program = await startProgram(process.execPath, [main, String(port), root], { answersAt: `${origin}/files` })
  return {
    name: '@tus/server',
    origin,
    async prepare(count, lengthBytes) {
      const paths = await Promise.all(
        Array.from({ length: count }, async () => {
          const reply = await fetch(`${origin}/files`, {
            method: 'POST',
            headers: { 'tus-resumable': '1.0.0', 'upload-length': String(lengthBytes) },
          })
          return new URL(reply.headers.get('location') ?? '', origin).pathname
        }),
      )
      return {
        async send(connection, nth, body) {
          const headers = {
            'tus-resumable': '1.0.0',
            'upload-offset': '0',
            'content-type': 'application/offset+octet-stream',
          }
          expectStatus(await connection.send('PATCH', paths[nth] ?? '', headers, body), 204)
        },
        forget: async () => {
          for (const path of paths) await rm(join(root, path.replace('/files/', '')), { force: true })
        },
      }
    },
    async stop() {
      await program.stop()
      await rm(root, { recursive: true, force: true })
    },
  }
}
