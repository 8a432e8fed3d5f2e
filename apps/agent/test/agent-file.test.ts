import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { agentFile, readAgentFile } from '../src/config.ts'

test('the published JSON Schema of agent.json is the one that the agent checks it with', () => {
  const published: unknown = JSON.parse(readFileSync(new URL('../agent.schema.json', import.meta.url), 'utf8'))
  expect(published).toEqual(JSON.parse(JSON.stringify(z.toJSONSchema(agentFile, { io: 'input' }))))
})

test('an empty file means defaults, and what is not a setting is refused', () => {
  expect(agentFile.parse({})).toMatchObject({ watch: [], settleMs: 2_000, stallMs: 30_000 })
  expect(agentFile.safeParse({ wach: [] }).success).toBe(false)
  expect(agentFile.safeParse({ watch: [{ path: '/card', mode: 'sometimes' }] }).success).toBe(false)
})

test('who writes a setting that there is not is told which there are', () => {
  const dir = mkdtempSync(join(tmpdir(), 'rushes-agent-'))
  try {
    writeFileSync(join(dir, 'agent.json'), '{"limits": {}}')
    expect(() => readAgentFile(dir, undefined)).toThrow(
      expect.objectContaining({
        message: expect.stringContaining('"limits"'),
        hint: expect.stringMatching(/it may hold watch, .*bandwidth/),
      }),
    )
  } finally {
    rmSync(dir, { recursive: true })
  }
})
