/** Publishes numbered events at a steady rate and keeps a journal of what became of each. Its settings are in its first argument, as JSON. */
import { createEventBus, PublishError } from '@tributary/event-bus'
import { kafkajs } from '@tributary/kafkajs'
import { Journal } from '../journal/journal.ts'
import type { ProducerLine } from '../journal/lines.ts'
import { idOf, numbered } from './numbered.ts'
import { startPace } from './pace.ts'
import { READY } from './run-program.ts'
import type { ProducerSettings } from './settings.ts'

/** Events whose outcome is not known yet; none is added above it, as a service that awaits its publishes would not. */
const MAX_PENDING = 5_000
/** Every tenth stream is impatient: it gives up after this many milliseconds, so that there are outcomes that nobody knows. */
const IMPATIENT_MS = 2_000

const settings: ProducerSettings = JSON.parse(process.argv[2] ?? '')
const journal = new Journal<ProducerLine>(settings.journalFile)
const bus = createEventBus({
  source: settings.name,
  driver: kafkajs({ brokers: settings.brokers, requestTimeoutMs: 5_000 }),
})
const counts: number[] = new Array<number>(settings.streams).fill(0)
let sent = 0
let pending = 0

const pace = startPace(settings.perSecond, () => {
  if (pending >= MAX_PENDING) return
  const index = Math.floor(Math.random() * settings.streams)
  const stream = `${settings.name}-${index}`
  const seq = counts[index] ?? 0
  counts[index] = seq + 1
  const id = idOf(stream, seq)
  sent += 1
  pending += 1
  bus
    .publish(numbered, { stream, seq }, { id, ...(index % 10 === 0 ? { timeoutMs: IMPATIENT_MS } : {}) })
    .then(
      ({ partition, offset }) => journal.note({ what: 'published', id, partition, offset: Number(offset) }),
      (error: unknown) => {
        if (!(error instanceof PublishError)) throw error
        journal.note({ what: 'rejected', id, outcome: error.outcome, code: error.code })
      },
    )
    .finally(() => {
      pending -= 1
    })
})
process.once('SIGTERM', () => {
  pace.stop()
  void bus.close().then(() => journal.note({ what: 'closed', sent }))
})
process.stdout.write(`${READY}\n`)
