/** A service that publishes and handles at a steady rate, and says every few seconds how it is. Its settings are in its first argument, as JSON. */
import { setTimeout as sleep } from 'node:timers/promises'
import { createEventBus, defineSubscription, fixed, handle } from '@tributary/event-bus'
import { kafkajs } from '@tributary/kafkajs'
import { Journal } from '../journal/journal.ts'
import { fateOf } from '../programs/fate.ts'
import { numbered } from '../programs/numbered.ts'
import { startPace } from '../programs/pace.ts'
import { READY } from '../programs/run-program.ts'
import { nthEvent, type SoakSettings } from './load.ts'
import type { Sample } from './samples.ts'

/** Longest work of a handler, in milliseconds. */
const MAX_WORK_MS = 20

const settings: SoakSettings = JSON.parse(process.argv[2] ?? '')
const journal = new Journal<Sample>(settings.journalFile)
const counts = { published: 0, rejected: 0, handled: 0 }
let worstDelayMs = 0

const bus = createEventBus({ source: 'soak', driver: kafkajs({ brokers: settings.brokers }) })
const subscription = bus.subscribe(
  defineSubscription({
    group: settings.group,
    on: [
      handle(numbered, async ({ data, timestamp }, { attempt, signal }) => {
        if (attempt === 1) worstDelayMs = Math.max(worstDelayMs, Date.now() - timestamp.getTime())
        await sleep(Math.random() * MAX_WORK_MS, undefined, { signal })
        const fate = fateOf(data.stream, data.seq)
        if (fate === 'dead-letter' || (fate === 'fails-once' && attempt === 1))
          throw new Error(`it is its fate: ${fate}`)
        counts.handled += 1
      }),
    ],
    // The last record of a run may be a poisoned one, with nobody after it to show that others succeed.
    onFailure: { inPlace: { attempts: 3, backoff: fixed(200) }, outage: { maxHoldMs: 10_000 } },
  }),
)
await subscription.ready

function sample(): void {
  // A full collection: what is left is in use, or leaks.
  globalThis.gc?.()
  const { rss, heapUsed, external } = process.memoryUsage()
  const { user, system } = process.cpuUsage()
  const { lag } = subscription.health()
  journal.note({ rss, heapUsed, external, ...counts, lag, cpuMs: (user + system) / 1000, worstDelayMs })
  worstDelayMs = 0
}

let next = 0
const pace = startPace(settings.perSecond, () => {
  bus.publish(numbered, nthEvent(next)).then(
    () => (counts.published += 1),
    () => (counts.rejected += 1),
  )
  next += 1
})
const sampling = setInterval(sample, settings.sampleEveryMs)
const done = setTimeout(() => pace.stop(), settings.publishMs)
process.once('SIGTERM', () => {
  clearTimeout(done)
  pace.stop()
  clearInterval(sampling)
  void bus.close().then(sample)
})
sample()
process.stdout.write(`${READY}\n`)
