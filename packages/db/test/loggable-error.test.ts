import { inspect } from 'node:util'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { loggableError } from '../src/index.ts'
import { createTestDatabase } from '../src/testing/index.ts'

test('of a failed statement a log keeps the words and the cause, and none of its values', async () => {
  await using database = await createTestDatabase({ migrated: false })
  const failed = await database.db
    .execute(sql`select * from nothing where token = ${'very secret\n    value'}`)
    .catch((error: unknown) => error)
  const wrapped = new Error('it went wrong', { cause: failed })
  expect(inspect(failed)).toContain('very secret') // or this test proves nothing
  for (const error of [failed, wrapped]) {
    const kept = inspect(loggableError(error))
    expect(kept).not.toContain('very secret')
    expect(kept).toContain('select * from nothing')
    expect(kept).toContain('relation "nothing" does not exist')
  }
})

test('an error without values comes back as it is', () => {
  const error = new Error('plain', { cause: new Error('cause') })
  expect(loggableError(error)).toBe(error)
  expect(loggableError('text')).toBe('text')
})
