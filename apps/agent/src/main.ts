import { runCommandLine } from './cli/program.ts'
import { widenThreadPool } from './config.ts'

// The launcher forwards signals; should it be killed outright, this process must not live on without anybody's knowing.
if (process.channel !== undefined) {
  process.channel?.unref()
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
}
widenThreadPool()
// Whatever this program writes is for its user alone.
process.umask(0o077)
process.exitCode = await runCommandLine(process.argv)
