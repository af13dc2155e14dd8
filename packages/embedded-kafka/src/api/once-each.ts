/**
 * The first of each key, in their order. Who asks for the same thing a hundred thousand times is answered once: a request of 200 kB for a
 * topic of a thousand partitions could otherwise ask for an answer that no memory holds.
 */
export function onceEach<T>(items: readonly T[], keyOf: (item: T) => string): readonly T[] {
  const seen = new Set<string>()
  return items.filter((item) => {
    const key = keyOf(item)
    return !seen.has(key) && seen.add(key)
  })
}
