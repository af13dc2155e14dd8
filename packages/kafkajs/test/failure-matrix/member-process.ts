/** A service as a process: a member of a group that says on standard output what it has done. Its settings are in its first argument, as JSON. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createEventBus, defineSubscription, handle } from '@tributary/event-bus'
import { kafkajs } from '../../src/index.ts'
import type { MemberSettings } from './member-processes.ts'
import { orderPlacedOn } from './order-placed.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const settings: MemberSettings = JSON.parse(process.argv[2] ?? '')
const bus = createEventBus({ source: 'member', driver: kafkajs({ brokers: settings.brokers }) })
const subscription = bus.subscribe(
  defineSubscription({
    group: settings.group,
    concurrency: settings.concurrency,
    on: [
      handle(orderPlacedOn(settings.topic), async ({ origin }, ctx) => {
        await sleep(settings.handlerMs)
        if (!ctx.isFenced()) say(`handled ${origin.partition}/${origin.recordOffset}`)
      }),
    ],
    drainMs: 2_000,
    commit: { intervalMs: settings.commitIntervalMs },
    session: { sessionTimeoutMs: settings.sessionTimeoutMs, heartbeatIntervalMs: 200, rebalanceTimeoutMs: 15_000 },
    fetch: { maxWaitMs: 100 },
  }),
)
process.on('SIGTERM', () => void bus.close().then(() => say('closed')))
await subscription.ready
say('ready')
