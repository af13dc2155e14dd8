/** Which key each order of a workload has; the same for every contender and every run. */

export interface SharedKeys {
  readonly kind: 'uniform' | 'zipf'
  readonly keys: number
}

type KeyPlan = SharedKeys | { readonly kind: 'distinct' }

/** Key index by sequence. */
export function keysOf(of: KeyPlan, records: number): Int32Array {
  if (of.kind === 'distinct') return Int32Array.from({ length: records }, (_, sequence) => sequence)
  const { kind, keys } = of
  const random = seeded(7)
  const plan = new Int32Array(records)
  if (kind === 'uniform') {
    for (let sequence = 0; sequence < records; sequence += 1) plan[sequence] = Math.floor(random() * keys)
    return plan
  }
  const shares: number[] = []
  let total = 0
  for (let rank = 1; rank <= keys; rank += 1) {
    total += 1 / rank
    shares.push(total)
  }
  for (let sequence = 0; sequence < records; sequence += 1) {
    const drawn = random() * total
    plan[sequence] = shares.findIndex((upTo) => drawn < upTo)
  }
  return plan
}

/** Numbers from 0 to 1, always the same ones (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}
