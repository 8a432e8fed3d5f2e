import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const lines = (await readFile(join(import.meta.dirname, 'rushes-agent.service'), 'utf8')).split('\n')

test('the service sees the links in /dev that tell one card from another in the same reader, and may open no disk', () => {
  // With devices of its own it would have a /dev without disks: every card in one reader would be the same volume.
  expect(lines.filter((line) => /^PrivateDevices=(yes|true|on|1)$/.test(line))).toEqual([])
  expect(lines).toContain('DevicePolicy=closed')
  // By /run/udev/data it would still be told where /dev is closed off.
  expect(lines.filter((line) => /^(InaccessiblePaths|TemporaryFileSystem)=/.test(line))).toEqual([])
})

test('the service sees what is recorded into /tmp, and may write nowhere but into its state folder', () => {
  expect(lines.filter((line) => /^PrivateTmp=(yes|true|on|1|disconnected)$/.test(line))).toEqual([])
  expect(lines).toContain('ProtectSystem=strict')
  expect(lines.filter((line) => line.startsWith('ReadWritePaths='))).toEqual([])
})

test('the service comes up by itself once it is paired', () => {
  expect(lines).toContain('Restart=always')
  expect(lines.filter((line) => line.startsWith('RestartPreventExitStatus='))).toEqual([])
})
