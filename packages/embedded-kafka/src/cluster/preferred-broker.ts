import type { BrokerNode } from './cluster.ts'

/** Who coordinates a group or a transactional id: chosen by its name, the next broker that lives where that one is down. */
export function preferredBroker(name: string, brokers: readonly BrokerNode[]): BrokerNode | undefined {
  const first = stableHash(name) % brokers.length
  return [...brokers.slice(first), ...brokers.slice(0, first)].find((broker) => broker.isUp)
}

function stableHash(text: string): number {
  let hash = 0
  for (const char of text) hash = (hash * 31 + (char.codePointAt(0) ?? 0)) >>> 0
  return hash
}
