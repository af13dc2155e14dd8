import { ORDER_CHANNEL, type OrderDatabase } from './order-store.ts'

/** Tells who waits for an order that it may have changed. A hint: whoever waits looks for itself, and now and then without a hint. */
export interface OrderChanges {
  /** Returns a function that stops it. */
  watch(orderId: string, onChange: () => void): () => void
  close(): void
}

export async function listenForOrderChanges(database: Pick<OrderDatabase, 'listen'>): Promise<OrderChanges> {
  const watchers = new Map<string, Set<() => void>>()
  const stop = await database.listen(ORDER_CHANNEL, (orderId) => {
    const woken = orderId === '' ? [...watchers.values()] : [watchers.get(orderId) ?? new Set()]
    for (const onChange of woken.flatMap((set) => [...set])) onChange()
  })
  return {
    watch(orderId, onChange) {
      const set = watchers.get(orderId) ?? new Set()
      watchers.set(orderId, set.add(onChange))
      return () => {
        set.delete(onChange)
        if (set.size === 0) watchers.delete(orderId)
      }
    },
    close: stop,
  }
}
