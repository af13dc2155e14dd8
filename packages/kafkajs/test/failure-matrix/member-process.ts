/** A service as a process: a member of the group that says on standard output what it has done. Started by `processes.test.ts` with the brokers as arguments. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createEventBus, defineSubscription, handle } from '@tributary/event-bus'
import { kafkajs } from '../../src/index.ts'
import { GROUP, orderPlaced } from './order-placed.ts'

const say = (line: string): void => void process.stdout.write(`${line}\n`)

const bus = createEventBus({ source: 'member', driver: kafkajs({ brokers: process.argv.slice(2) }) })
const subscription = bus.subscribe(
  defineSubscription({
    group: GROUP,
    concurrency: 10,
    on: [
      handle(orderPlaced, async ({ origin }, ctx) => {
        const place = `${origin.partition}/${origin.recordOffset}`
        say(`began ${place}`)
        await sleep(10)
        if (!ctx.isFenced()) say(`handled ${place}`)
      }),
    ],
    drainMs: 2_000,
    commit: { intervalMs: 200 },
    session: { sessionTimeoutMs: 1_000, heartbeatIntervalMs: 200, rebalanceTimeoutMs: 15_000 },
    fetch: { maxWaitMs: 100 },
  }),
)
process.on('SIGTERM', () => void bus.close().then(() => say('closed')))
await subscription.ready
say('ready')
