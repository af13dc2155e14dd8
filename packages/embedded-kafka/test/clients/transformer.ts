import type { Member, TransactionalProducer, Transformer } from './driver.ts'

/** For a client whose producer and consumer are two objects. */
export function transformerOf(
  producer: TransactionalProducer,
  member: Member,
  sendOffsets: () => Promise<void>,
): Transformer {
  return {
    begin: () => producer.begin(),
    send: (topic, values) => producer.send(topic, values),
    commit: () => producer.commit(),
    abort: () => producer.abort(),
    take: (count) => member.take(count),
    sendOffsets,
    close: async () => {
      await producer.close()
      await member.leave()
    },
  }
}
