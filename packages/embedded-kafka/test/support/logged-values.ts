import type { EmbeddedKafka } from '../../src/index.ts'

/** The values of `orders`: all of them, or those that readers of committed transactions see. */
export function loggedValues(kafka: EmbeddedKafka, isolation?: 'read_committed'): (string | undefined)[] {
  return kafka.log('orders', 0, isolation).map(({ value }) => value?.toString())
}
