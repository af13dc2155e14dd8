/** A member of the group, that keeps a journal of every execution. Its settings are in its first argument, as JSON. */
import { setTimeout as sleep } from 'node:timers/promises'
import { consoleLogger, createEventBus, defineSubscription, fixed, handle } from '@tributary/event-bus'
import { kafkajs } from '@tributary/kafkajs'
import { Journal } from '../journal/journal.ts'
import type { MemberLine } from '../journal/lines.ts'
import { fateOf } from './fate.ts'
import { idOf, numbered } from './numbered.ts'
import { observedDriver } from './observed-driver.ts'
import { READY } from './run-program.ts'
import { HEARTBEAT_INTERVAL_MS, type MemberSettings, SESSION_TIMEOUT_MS } from './settings.ts'

/** Longest work of a handler, in milliseconds: long enough that several are always in flight. */
const MAX_WORK_MS = 100

const settings: MemberSettings = JSON.parse(process.argv[2] ?? '')
const journal = new Journal<MemberLine>(settings.journalFile)
const bus = createEventBus({
  source: settings.name,
  driver: observedDriver(kafkajs({ brokers: settings.brokers, requestTimeoutMs: 5_000 }), numbered.topic, journal),
  logger: consoleLogger,
})
let executions = 0

const subscription = bus.subscribe(
  defineSubscription({
    group: settings.group,
    concurrency: 50,
    on: [
      handle(numbered, async ({ data, origin }, { attempt, signal, isFenced }) => {
        executions += 1
        const execution = executions
        const { stream, seq } = data
        const place = { partition: origin.partition, offset: Number(origin.recordOffset) }
        journal.note({ what: 'start', execution, ...place, id: idOf(stream, seq), attempt })
        try {
          await sleep(Math.random() * MAX_WORK_MS, undefined, { signal })
        } catch (error) {
          journal.note({ what: 'end', execution, outcome: 'aborted' })
          throw error
        }
        const fate = fateOf(stream, seq)
        const isGood = fate === 'succeeds' || (fate === 'fails-once' && attempt > 1)
        journal.note({ what: 'end', execution, outcome: isFenced() ? 'aborted' : isGood ? 'success' : 'failed' })
        if (!isGood) throw new Error(`it is its fate: ${fate}`)
      }),
    ],
    // The last record of a run may be a poisoned one, with nobody after it to show that others succeed.
    onFailure: { inPlace: { attempts: 3, backoff: fixed(100) }, outage: { maxHoldMs: 10_000 } },
    drainMs: 3_000,
    session: {
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      heartbeatIntervalMs: HEARTBEAT_INTERVAL_MS,
      rebalanceTimeoutMs: 20_000,
    },
  }),
)
void subscription.failed.then((error) => {
  process.stderr.write(`the subscription has failed: ${error.stack}\n`)
  process.exit(1)
})
process.once('SIGTERM', () => void bus.close())
await subscription.ready
process.stdout.write(`${READY}\n`)
