/**
 * Every span, attribute and metric name the bus emits, in one list. `docs/reference/metrics-and-spans.md` explains them, and a test holds the two
 * against each other. Names under `messaging.` follow the OpenTelemetry semantic conventions v1.44.0; what is ours starts with `tributary.`.
 */

/** Name of the tracer and of the meter. */
export const instrumentationScope = '@tributary/event-bus'

/** A span is named after its operation and its topic: `send orders`. */
export const spanNames = {
  send: 'send',
  process: 'process',
} as const

export const attributeNames = {
  system: 'messaging.system',
  operationName: 'messaging.operation.name',
  operationType: 'messaging.operation.type',
  destination: 'messaging.destination.name',
  partition: 'messaging.destination.partition.id',
  group: 'messaging.consumer.group.name',
  clientId: 'messaging.client.id',
  recordOffset: 'messaging.kafka.offset',
  messageId: 'messaging.message.id',
  batchCount: 'messaging.batch.message_count',
  errorType: 'error.type',
  eventType: 'tributary.event.type',
  attempt: 'tributary.attempt',
  outcome: 'tributary.outcome',
  settlement: 'tributary.settlement',
  reason: 'tributary.reason',
} as const

/** Instruments, with the unit each is recorded in. Counters carry no `total` here: Prometheus adds it. */
export const metricNames = {
  operationDuration: 'messaging.client.operation.duration',
  sentMessages: 'messaging.client.sent.messages',
  consumedMessages: 'messaging.client.consumed.messages',
  processDuration: 'messaging.process.duration',
  attempts: 'tributary.attempts',
  abandonedAttempts: 'tributary.attempts.abandoned',
  batchSize: 'tributary.batch.size',
  settlements: 'tributary.settlements',
  expiredOffsets: 'tributary.offsets.expired',
  deadLetters: 'tributary.dead_letters',
  retryLateness: 'tributary.retry.lateness',
  unknownTypes: 'tributary.events.unknown_type',
  headerMismatches: 'tributary.headers.mismatches',
  commits: 'tributary.commits',
  lag: 'tributary.lag',
  oldestUnsettledAge: 'tributary.oldest_unsettled.age',
  inFlight: 'tributary.in_flight',
  parked: 'tributary.parked',
  outages: 'tributary.outages',
  outageOpen: 'tributary.outage.open',
  outageHeld: 'tributary.outage.held',
  outagePermits: 'tributary.outage.permits',
  outageMaxPermits: 'tributary.outage.max_permits',
  outageMaxHold: 'tributary.outage.max_hold',
} as const

/** Bucket boundaries of the batch size histogram, in records. */
export const batchSizeBuckets: readonly number[] = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000]

/** Bucket boundaries of the duration histograms, in seconds, as the conventions give them. */
export const durationBuckets: readonly number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
]
