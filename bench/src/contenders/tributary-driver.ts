/** Tributary's driver alone, and plain avsc: what is left when there is no engine, and so what an engine can at best come near to. */

import { kafkajs } from '@tributary/kafkajs'
import { orderIn } from '../orders/plain-envelope.ts'
import type { Contender } from './contender.ts'

export const driverAlone: Contender = {
  form: 'events',
  worksAt: ['drain'],
  async consume({ brokers, topic, group }, handle) {
    const driver = kafkajs({ brokers })
    const options = {
      group,
      topics: [topic],
      clientId: 'bench',
      sessionTimeoutMs: 10_000,
      heartbeatIntervalMs: 3_000,
      rebalanceTimeoutMs: 60_000,
      drainMs: 30_000,
      maxWaitMs: 500,
      maxBytes: 8_388_608,
      maxBytesPerPartition: 1_048_576,
    }
    const consumer = driver.joinGroup(options, {
      onAssigned: async (partitions) =>
        partitions.map(({ topic, partition, logStartOffset: position }) => ({ topic, partition, position })),
      onRevoking: async () => {},
      onLost: () => {},
      onChunk({ records }) {
        for (const { value } of records) {
          if (value === null) continue
          const order = orderIn(value)
          void handle(Number(order.orderId), order)
        }
      },
      onFailed: (error) => {
        throw error
      },
    })
    await consumer.joined
    return { close: () => driver.close() }
  },
}
