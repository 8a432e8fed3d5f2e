import { runCommandLine } from './cli/program.ts'

// The launcher forwards signals; should it be killed outright, this process must not live on without anybody's knowing.
if (process.channel !== undefined) {
  process.channel?.unref()
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
}
// A file call that hangs holds a thread, of which Node.js has four; as many hang as a folder has readers, and others must still get one.
process.env.UV_THREADPOOL_SIZE ??= '8'
// Whatever this program writes is for its user alone.
process.umask(0o077)
process.exitCode = await runCommandLine(process.argv)
