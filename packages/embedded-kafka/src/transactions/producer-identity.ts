/** Who a producer is: its id, and which of those that had the id it is. */
export interface ProducerIdentity {
  readonly producerId: bigint
  readonly producerEpoch: number
}

export const noProducer: ProducerIdentity = { producerId: -1n, producerEpoch: -1 }

/** The last epoch that a producer is told; one more is left, to fence it. */
const lastEpoch = 2 ** 15 - 2

export function isExhausted({ producerEpoch }: ProducerIdentity): boolean {
  return producerEpoch >= lastEpoch
}
