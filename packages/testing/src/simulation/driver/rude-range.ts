import type { Chunk, TopicPartition } from '@tributary/event-bus'
import { ClusterUnavailableError } from '@tributary/event-bus'
import { readLogRange } from '../../memory/read-range.ts'
import { type DriverHost, place } from './host.ts'

const SLOW_MS = 3_000

/** Reads a range again, as slowly and as incompletely as a cluster in trouble does. */
export async function* rudeRange(
  host: DriverHost,
  partition: TopicPartition,
  range: { readonly from: bigint; readonly to: bigint; readonly epoch: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<Chunk> {
  const fault = host.faults.strike('range')
  host.trace.note(
    () => `${host.name} reads ${place(partition)} from ${range.from} to ${range.to} again${fault ? `: ${fault}` : ''}`,
  )
  await host.arrival(host.random.between(1, 1 + host.pace.fetchMs) + (fault === 'slow' ? SLOW_MS : 0))
  signal?.throwIfAborted()
  if (fault === 'fails') throw new ClusterUnavailableError('fault: the range cannot be read')
  for await (const chunk of readLogRange(host.cluster.topics.log(partition), partition, range, signal)) {
    yield chunk
    if (fault === 'short') return
    await host.arrival(host.random.between(0, host.pace.fetchMs))
    signal?.throwIfAborted()
  }
}
