/**
 * Preloaded into every program that another one of ours starts over an IPC channel: when the parent is gone, in whatever
 * way, the program is told to stop as if by its supervisor. Nothing is left running after `kill -9`.
 */
process.channel?.unref() // the channel alone keeps no program alive
process.on('disconnect', () => {
  process.kill(process.pid, 'SIGTERM')
})
