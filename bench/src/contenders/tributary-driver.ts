/** Tributary's driver alone, and plain avsc: what is left when there is no engine, and so what an engine can at best come near to. */

import { kafkajs } from '@tributary/kafkajs'
import avsc, { type Schema } from 'avsc'
import { envelopeSchema, type Order } from '../orders/order.ts'
import type { Contender } from './contender.ts'

// Its types want arrays that can be changed, and change nothing.
const envelope = avsc.Type.forSchema(envelopeSchema as unknown as Schema)
const FRAME_BYTES = 10

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
          const { value: body } = envelope.decode(value, FRAME_BYTES) as { value: { data: Order } }
          void handle(Number(body.data.orderId), body.data)
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
