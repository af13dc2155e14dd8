import { createServer } from 'node:net'

/** Below the range (32768 and up on Linux) from which the kernel takes ports for outgoing connections: one of those may be taken at any moment. */
const lowest = 20_000
const highest = 32_000

/** Ports handed out by this process; two components that start at the same time must not be given the same one. */
const handedOut = new Set<number>()

/**
 * Returns `count` free ports of 127.0.0.1. With `first` they are `first`, `first + 1`, …, unchecked: the component itself reports one that is taken.
 */
export async function freePorts(count: number, first?: number): Promise<number[]> {
  if (first !== undefined) return Array.from({ length: count }, (_, index) => first + index)
  const ports: number[] = []
  while (ports.length < count) {
    const candidate = lowest + Math.floor(Math.random() * (highest - lowest))
    if (handedOut.has(candidate) || !(await isFree(candidate))) continue
    handedOut.add(candidate)
    ports.push(candidate)
  }
  return ports
}

/** One free port, or `wanted` when it is given. */
export async function freePort(wanted?: number): Promise<number> {
  const [port] = await freePorts(1, wanted)
  if (port === undefined) throw new Error('freePorts returned nothing')
  return port
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
