import { setTimeout as wait } from 'node:timers/promises'

/** Asks again and again until the answer is neither null nor undefined nor false; fails when that takes too long. */
export async function until<Answer>(
  what: string,
  ask: () => Answer | Promise<Answer>,
  withinMs = 30_000,
): Promise<Exclude<Answer, null | undefined | false>> {
  const deadline = performance.now() + withinMs
  for (;;) {
    const answer = await ask()
    if (isThere(answer)) return answer
    if (performance.now() > deadline) throw new Error(`waited ${withinMs} ms for ${what}`)
    await wait(20)
  }
}

function isThere<Answer>(answer: Answer): answer is Exclude<Answer, null | undefined | false> {
  return answer !== null && answer !== undefined && answer !== false
}
