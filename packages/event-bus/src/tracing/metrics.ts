/** The bus's instruments. Label sets are built once: what happens for a record or a batch is a lookup and an `add`. */
import type { Attributes, Counter, Meter } from '@opentelemetry/api'
import type { CommitOutcome } from '../driver.ts'
import { attributeNames, batchSizeBuckets, durationBuckets, metricNames } from './names.ts'
import { observeOutages, outageCounter, outageInstruments } from './outage-metrics.ts'
import type {
  AttemptOutcome,
  PartitionReading,
  PublisherMetrics,
  Settlement,
  SubscriptionLabels,
  SubscriptionMetrics,
} from './telemetry.ts'

const attemptOutcomes: readonly AttemptOutcome[] = ['succeeded', 'failed', 'timed-out', 'fenced']
const settlements: readonly Settlement[] = ['acked', 'skipped', 'retried', 'dead-lettered', 'expired']
const commitOutcomes: readonly CommitOutcome[] = ['committed', 'fenced', 'metadata-refused', 'failed']

const seconds = { unit: 's', advice: { explicitBucketBoundaries: [...durationBuckets] } }

/** All instruments of one meter; `createTelemetry` makes them once, whatever number of subscriptions there is. */
export function createInstruments(meter: Meter) {
  const counter = (name: string, unit: string, description: string) => meter.createCounter(name, { unit, description })
  const gauge = (name: string, unit: string, description: string) =>
    meter.createObservableGauge(name, { unit, description })
  return {
    meter,
    operationDuration: meter.createHistogram(metricNames.operationDuration, {
      ...seconds,
      description: 'Duration of a batch, from its first sending to its acknowledgement or failure.',
    }),
    sent: counter(
      metricNames.sentMessages,
      '{message}',
      'Records that a batch tried to append; error.type tells failures.',
    ),
    consumed: counter(metricNames.consumedMessages, '{message}', 'Records received.'),
    processDuration: meter.createHistogram(metricNames.processDuration, {
      ...seconds,
      description: 'Duration of one attempt to handle a record.',
    }),
    attempts: counter(metricNames.attempts, '{attempt}', 'Attempts to handle a record, by how they ended.'),
    batchSize: meter.createHistogram(metricNames.batchSize, {
      unit: '{record}',
      advice: { explicitBucketBoundaries: [...batchSizeBuckets] },
      description: 'Records of one attempt at a batch.',
    }),
    abandoned: counter(
      metricNames.abandonedAttempts,
      '{attempt}',
      'Attempts that never ended and are waited for no longer.',
    ),
    settlements: counter(metricNames.settlements, '{record}', 'Records settled, by how.'),
    expiredOffsets: counter(
      metricNames.expiredOffsets,
      '{offset}',
      'Offsets that retention removed before they were read.',
    ),
    deadLetters: counter(metricNames.deadLetters, '{record}', 'Records written to a dead-letter topic, by reason.'),
    retryLateness: meter.createHistogram(metricNames.retryLateness, {
      ...seconds,
      description: 'Time between the moment when a record in a retry topic was due and the start of its attempt.',
    }),
    unknownTypes: counter(
      metricNames.unknownTypes,
      '{record}',
      'Records of a type that the subscription does not handle.',
    ),
    headerMismatches: counter(metricNames.headerMismatches, '{record}', 'Records whose headers contradict their body.'),
    commits: counter(metricNames.commits, '{commit}', 'Offset commits of a partition, by outcome.'),
    lag: gauge(metricNames.lag, '{record}', 'Records between the committed offset and the end of the log.'),
    oldestUnsettledAge: gauge(
      metricNames.oldestUnsettledAge,
      's',
      'Time since the oldest unsettled record was received.',
    ),
    inFlight: gauge(metricNames.inFlight, '{record}', 'Records in the hands of handlers.'),
    parked: gauge(metricNames.parked, '{record}', 'Records that wait behind slow keys and are kept as offsets.'),
    outages: outageInstruments(meter),
  }
}

export type Instruments = ReturnType<typeof createInstruments>

/** `counters.of(a, b)` is the label set for these values, built at the first use. */
class LabelSets {
  readonly #build: (first: string, second: string) => Attributes
  readonly #sets = new Map<string, Map<string, Attributes>>()
  #last: { readonly first: string; readonly second: string; readonly attributes: Attributes } | null = null

  constructor(build: (first: string, second: string) => Attributes) {
    this.#build = build
  }

  of(first: string, second: string): Attributes {
    // Records of one topic and type come in runs.
    const last = this.#last
    if (last !== null && last.first === first && last.second === second) return last.attributes
    const attributes = this.#sets.get(first)?.get(second) ?? this.#add(first, second)
    this.#last = { first, second, attributes }
    return attributes
  }

  #add(first: string, second: string): Attributes {
    const attributes = this.#build(first, second)
    const inner = this.#sets.get(first) ?? new Map<string, Attributes>()
    this.#sets.set(first, inner.set(second, attributes))
    return attributes
  }
}

export function createSubscriptionMetrics(instruments: Instruments, labels: SubscriptionLabels): SubscriptionMetrics {
  const base = {
    [attributeNames.system]: 'kafka',
    [attributeNames.group]: labels.group,
    [attributeNames.clientId]: labels.clientId,
  }
  const ofTopic = (topic: string): Attributes => ({ ...base, [attributeNames.destination]: topic })
  const plain = new LabelSets((topic) => ofTopic(topic))
  const labelled = (name: string) => new LabelSets((topic, value) => ({ ...ofTopic(topic), [name]: value }))
  const byOutcome = labelled(attributeNames.outcome)
  const bySettlement = labelled(attributeNames.settlement)
  const byReason = labelled(attributeNames.reason)
  const byType = labelled(attributeNames.eventType)
  const consumedLabels = new LabelSets((topic) => ({ ...ofTopic(topic), [attributeNames.operationName]: 'poll' }))

  const recordDuration = (attributes: Attributes, durationMs: number, errorType: string | undefined): void =>
    instruments.processDuration.record(
      durationMs / 1_000,
      errorType === undefined ? attributes : { ...attributes, [attributeNames.errorType]: errorType },
    )

  // Alerts on `increase()` miss the rise of a series that first appears with 1: each starts with 0.
  const opened = (topic: string): void => {
    instruments.consumed.add(0, consumedLabels.of(topic, ''))
    for (const name of ['abandoned', 'unknownTypes', 'headerMismatches', 'expiredOffsets'] as const) {
      instruments[name].add(0, plain.of(topic, ''))
    }
    startAtZero(instruments.attempts, byOutcome, topic, attemptOutcomes)
    startAtZero(instruments.settlements, bySettlement, topic, settlements)
    startAtZero(instruments.commits, byOutcome, topic, commitOutcomes)
  }

  labels.topics.forEach(opened)

  return {
    opened,
    consumed: (topic, count) => instruments.consumed.add(count, consumedLabels.of(topic, '')),
    attempted(topic, eventType, outcome, durationMs, errorType) {
      instruments.attempts.add(1, byOutcome.of(topic, outcome))
      recordDuration(byType.of(topic, eventType), durationMs, errorType)
    },
    batchAttempted(topic, eventType, outcomes, durationMs, errorType) {
      for (const outcome of outcomes) instruments.attempts.add(1, byOutcome.of(topic, outcome))
      const attributes = byType.of(topic, eventType)
      instruments.batchSize.record(outcomes.length, attributes)
      recordDuration(attributes, durationMs, errorType)
    },
    abandoned: (topic) => instruments.abandoned.add(1, plain.of(topic, '')),
    settled: (topic, settlement, count) => instruments.settlements.add(count, bySettlement.of(topic, settlement)),
    expiredUnread: (topic, offsets) => instruments.expiredOffsets.add(offsets, plain.of(topic, '')),
    deadLettered: (topic, reason) => instruments.deadLetters.add(1, byReason.of(topic, reason)),
    retryStarted: (topic, latenessMs) => instruments.retryLateness.record(latenessMs / 1_000, plain.of(topic, '')),
    unknownType: (topic) => instruments.unknownTypes.add(1, plain.of(topic, '')),
    headerMismatch: (topic) => instruments.headerMismatches.add(1, plain.of(topic, '')),
    committed: (topic, outcome) => instruments.commits.add(1, byOutcome.of(topic, outcome)),
    observe: (read) => observePartitions(instruments, ofTopic, read),
    outages: (topic, eventType) => outageCounter(instruments.outages, byType.of(topic, eventType)),
    observeOutages: (read) => observeOutages(instruments.meter, instruments.outages, byType.of.bind(byType), read),
  }
}

function startAtZero(counter: Counter, sets: LabelSets, topic: string, values: readonly string[]): void {
  for (const value of values) counter.add(0, sets.of(topic, value))
}

/**
 * A gauge that is observed no longer keeps its last value in the SDK, for ever: a partition that moved to another member would be reported twice, its
 * old lag here and its true one there. So whoever had a partition goes on reporting zeros for it, also after `stop`; sums and maxima stay true.
 */
function observePartitions(
  instruments: Instruments,
  ofTopic: (topic: string) => Attributes,
  read: () => Iterable<PartitionReading>,
): () => void {
  const { meter, lag, oldestUnsettledAge, inFlight, parked } = instruments
  const known = new Map<string, Attributes>()
  let readings = read
  meter.addBatchObservableCallback(
    (result) => {
      const gone = new Map(known)
      for (const reading of readings()) {
        const key = `${reading.topic}[${reading.partition}]`
        const attributes = known.get(key) ?? {
          ...ofTopic(reading.topic),
          [attributeNames.partition]: String(reading.partition),
        }
        known.set(key, attributes)
        gone.delete(key)
        result.observe(lag, reading.lag, attributes)
        result.observe(oldestUnsettledAge, reading.oldestUnsettledMs / 1_000, attributes)
        result.observe(inFlight, reading.inFlight, attributes)
        result.observe(parked, reading.parked, attributes)
      }
      for (const attributes of gone.values()) {
        for (const gauge of [lag, oldestUnsettledAge, inFlight, parked]) result.observe(gauge, 0, attributes)
      }
    },
    [lag, oldestUnsettledAge, inFlight, parked],
  )
  return () => {
    readings = () => []
  }
}

export function createPublisherMetrics(instruments: Instruments, clientId: string): PublisherMetrics {
  const sets = new LabelSets((topic, errorType) => ({
    [attributeNames.system]: 'kafka',
    [attributeNames.operationName]: 'send',
    [attributeNames.operationType]: 'send',
    [attributeNames.clientId]: clientId,
    [attributeNames.destination]: topic,
    ...(errorType === '' ? {} : { [attributeNames.errorType]: errorType }),
  }))
  return {
    opened: (topic) => instruments.sent.add(0, sets.of(topic, '')),
    sent(topic, count, durationMs, errorType = '') {
      const attributes = sets.of(topic, errorType)
      instruments.sent.add(count, attributes)
      instruments.operationDuration.record(durationMs / 1_000, attributes)
    },
  }
}
