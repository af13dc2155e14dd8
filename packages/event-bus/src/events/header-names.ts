/** Every record header that the framework writes or reads. Names are compared exactly, case included. */
export const headerNames = {
  contentType: 'content-type',
  specVersion: 'ce_specversion',
  id: 'ce_id',
  type: 'ce_type',
  source: 'ce_source',
  time: 'ce_time',
  subject: 'ce_subject',
  dataSchema: 'ce_dataschema',
  /** The trace in which the event was created; `traceparent` is of this hop. Written only where the two differ. */
  startingTraceparent: 'ce_traceparent',
  causationId: 'ce_causationid',
  correlationId: 'ce_correlationid',
  traceparent: 'traceparent',
  tracestate: 'tracestate',
  baggage: 'baggage',
  /** Of Confluent's newer serializers: version and guid of the value's schema. */
  valueSchemaId: '__value_schema_id',
} as const

/**
 * Headers that retry and dead-letter records have besides their original ones, all UTF-8 text. They are trusted only where `originGroup` is the
 * reader's own group.
 */
export const provenanceHeaderNames = {
  originTopic: 'tributary.origin.topic',
  originPartition: 'tributary.origin.partition',
  originOffset: 'tributary.origin.offset',
  originTimestamp: 'tributary.origin.timestamp',
  originGroup: 'tributary.origin.group',
  errorClass: 'tributary.error.class',
  errorCode: 'tributary.error.code',
  errorMessage: 'tributary.error.message',
  errorStack: 'tributary.error.stack',
  reason: 'tributary.reason',
  attempts: 'tributary.attempts',
  firstFailedAt: 'tributary.first-failed-at',
  failedAt: 'tributary.failed-at',
  /** Only where `onFailure.outage.maxHoldMs` ended an outage for the record. */
  heldMs: 'tributary.held-ms',
  dueAt: 'tributary.due-at',
  redriveCount: 'tributary.redrive-count',
  /** Context of this hop; the original `traceparent` stays as it was. */
  traceparent: 'tributary.traceparent',
} as const
