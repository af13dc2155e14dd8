import type { Driver, DriverAdmin, DriverConsumer, DriverProducer } from '@tributary/event-bus'
import { KafkajsAdmin } from './admin/admin.ts'
import { KafkajsConsumer } from './consuming/consumer.ts'
import { KafkajsProducer } from './producing/producer.ts'
import { type KafkajsOptions, settingsFrom } from './settings.ts'
import { quietenRequestQueue } from './wire/request-queue.ts'

/**
 * The driver on kafkajs, which is its wire client and nothing more: connections, TLS, SASL and the encoding of control requests. Group membership,
 * fetching, committing and producing are the driver's own. Nothing connects before it is used.
 *
 * @throws {ConnectionConfigError} that lists every fault in the options.
 */
export function kafkajs(options: KafkajsOptions): Driver {
  const settings = settingsFrom(options)
  quietenRequestQueue()
  const open = new Set<{ close(): Promise<void> }>()
  const opened = <Part extends DriverProducer | DriverConsumer | DriverAdmin>(part: Part): Part => {
    open.add(part)
    return part
  }
  return {
    name: 'kafkajs',
    createProducer: ({ clientId }) => opened(new KafkajsProducer(settings, clientId)),
    joinGroup: (group, listener) => opened(new KafkajsConsumer(settings, group, listener)),
    createAdmin: ({ clientId }) => opened(new KafkajsAdmin(settings, clientId)),
    async close() {
      await Promise.all([...open].map((part) => part.close()))
      open.clear()
    },
  }
}
