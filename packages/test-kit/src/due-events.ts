type DueEvent = { atMs: number; happen: () => void }

export type DueEvents = {
  firstAtMs(): number | null
  add(atMs: number, happen: () => void): void
  /** Removes and returns the earliest one that is due by then. */
  takeBy(untilMs: number): DueEvent | null
}

/** What is due, the earliest first: a binary heap. */
export function dueEvents(): DueEvents {
  const heap: DueEvent[] = []
  const at = (index: number) => heap[index]?.atMs ?? Number.POSITIVE_INFINITY
  const swap = (one: number, other: number) => {
    const [first, second] = [heap[one], heap[other]]
    if (first === undefined || second === undefined) return
    heap[one] = second
    heap[other] = first
  }
  return {
    firstAtMs: () => heap[0]?.atMs ?? null,
    add(atMs, happen) {
      let index = heap.push({ atMs, happen }) - 1
      for (let parent = (index - 1) >> 1; index > 0 && at(parent) > atMs; parent = (index - 1) >> 1) {
        swap(index, parent)
        index = parent
      }
    },
    takeBy(untilMs) {
      const first = heap[0]
      if (first === undefined || first.atMs > untilMs) return null
      const last = heap.pop()
      if (last !== undefined && heap.length > 0) {
        heap[0] = last
        for (let index = 0; ; ) {
          const child = at(2 * index + 1) <= at(2 * index + 2) ? 2 * index + 1 : 2 * index + 2
          if (at(child) >= at(index)) break
          swap(index, child)
          index = child
        }
      }
      return first
    },
  }
}
