import { appendFileSync, closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'

// A recorder in a process of its own: does one thing per message and says when it is done.
let file = null
const actions = {
  open: ({ path }) => {
    file = openSync(path, 'w')
  },
  write: ({ text }) => writeSync(file, text),
  close: () => closeSync(file),
  truncate: ({ path, sizeBytes }) => {
    const handle = openSync(path, 'r+')
    ftruncateSync(handle, sizeBytes)
    closeSync(handle)
  },
  append: ({ path, text }) => appendFileSync(path, text),
}

process.on('message', (message) => {
  actions[message.action](message)
  process.send('done')
})
process.send('ready')
