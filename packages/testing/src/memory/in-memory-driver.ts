import {
  BusClosedError,
  type Driver,
  type DriverAdmin,
  type DriverConsumer,
  type DriverProducer,
  type GroupListener,
  type GroupOptions,
} from '@tributary/event-bus'
import { InMemoryAdmin } from './admin.ts'
import { InMemoryConsumer } from './consumer.ts'
import { ClusterState, type InMemoryCluster, type InMemoryClusterOptions } from './in-memory-cluster.ts'
import { InMemoryProducer } from './producer.ts'

/** A driver without Kafka, and the cluster behind it for the test to look at. */
export interface InMemoryDriver extends Driver {
  readonly cluster: InMemoryCluster
}

/**
 * A whole driver in memory: groups with cooperative rebalances, commits with metadata, admin, faults on demand. It waits for nothing but its
 * clock, so a test on a virtual clock is deterministic and takes no time. It passes the same conformance suite as the drivers for Kafka.
 *
 * @param options - a cluster shared with other drivers, or the options for one of its own.
 */
export function inMemoryDriver(
  options: InMemoryClusterOptions | { readonly cluster: InMemoryCluster } = {},
): InMemoryDriver {
  const cluster = 'cluster' in options ? options.cluster : new ClusterState(options)
  if (!(cluster instanceof ClusterState))
    throw new TypeError('inMemoryDriver: `cluster` must come from inMemoryCluster()')
  return new DriverInMemory(cluster)
}

class DriverInMemory implements InMemoryDriver {
  readonly name = 'in-memory'
  readonly cluster: ClusterState
  readonly #open = new Set<{ close(): Promise<void> }>()
  #isClosed = false

  constructor(cluster: ClusterState) {
    this.cluster = cluster
  }

  createProducer(): DriverProducer {
    this.#refuseWhenClosed()
    const { clock, topics, faults } = this.cluster
    const producer: InMemoryProducer = new InMemoryProducer({
      clock,
      topics,
      faults,
      onClosed: () => this.#open.delete(producer),
    })
    this.#open.add(producer)
    return producer
  }

  joinGroup(options: GroupOptions & { readonly clientId: string }, listener: GroupListener): DriverConsumer {
    this.#refuseWhenClosed()
    const { cluster } = this
    const consumer: InMemoryConsumer = new InMemoryConsumer(options, listener, {
      clock: cluster.clock,
      topics: cluster.topics,
      faults: cluster.faults,
      coordinator: cluster.coordinatorOf(options.group),
      newMemberId: () => cluster.newMemberId(options.clientId),
      onClosed: () => {
        this.#open.delete(consumer)
        cluster.consumers.delete(consumer)
      },
    })
    this.#open.add(consumer)
    cluster.consumers.add(consumer)
    return consumer
  }

  createAdmin(): DriverAdmin {
    this.#refuseWhenClosed()
    const admin: InMemoryAdmin = new InMemoryAdmin({
      topics: this.cluster.topics,
      coordinatorOf: (group) => this.cluster.coordinatorOf(group),
      onClosed: () => this.#open.delete(admin),
    })
    this.#open.add(admin)
    return admin
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await Promise.all([...this.#open].map((client) => client.close()))
  }

  #refuseWhenClosed(): void {
    if (this.#isClosed) throw new BusClosedError('this driver is closed', { outcome: 'not-written' })
  }
}
