/** Things that arrive one after another and are awaited one after another. */
export type Inbox<Item> = {
  put(item: Item): void
  /** The next one; rejects when none comes in time. `awaited` says in the message what it was to be. */
  take(awaited?: string): Promise<Item>
  /** Whatever is there. */
  drain(): Item[]
}

const deadlineMs = 30_000

export function inbox<Item>(what: string): Inbox<Item> {
  const items: Item[] = []
  const takers: ((item: Item) => void)[] = []
  return {
    put: (item) => {
      const taker = takers.shift()
      if (taker === undefined) items.push(item)
      else taker(item)
    },
    take: (awaited = what) => {
      const [first] = items.splice(0, 1)
      if (first !== undefined || items.length > 0) return Promise.resolve(first as Item)
      return new Promise((resolve, reject) => {
        const taker = (item: Item) => {
          clearTimeout(timer)
          resolve(item)
        }
        const timer = setTimeout(() => {
          takers.splice(takers.indexOf(taker), 1)
          reject(new Error(`waited in vain for ${awaited}`))
        }, deadlineMs)
        takers.push(taker)
      })
    },
    drain: () => items.splice(0),
  }
}
