export type { ApplyTopicsOptions, TopicReport } from './apply-topics.ts'
export { applyTopics } from './apply-topics.ts'
export type { ConfluentRegistryOptions } from './avro/confluent-registry.ts'
export { confluentRegistry } from './avro/confluent-registry.ts'
export type { ReadValue, WriteValue } from './avro/infer.ts'
export type { AvroSchema, FieldSchema, RecordSchema } from './avro/schema.ts'
export type { SchemaReference, SchemaStore } from './avro/schema-store.ts'
export type { SchemaTopicDriver, SchemaTopicOptions, TopicSchemaStore } from './avro/schema-topic.ts'
export { SCHEMA_TOPIC, schemaTopicSpec, topicSchemas } from './avro/schema-topic.ts'
export { combinedSchemas, staticSchemas } from './avro/static-schemas.ts'
export type { EventBus, EventBusOptions } from './bus.ts'
export { createEventBus } from './bus.ts'
export type { Clock, Timer } from './clock.ts'
export { systemClock } from './clock.ts'
export type {
  BatchContext,
  BatchHandler,
  BatchOptions,
  BatchOutcome,
  BatchRegistration,
} from './consuming/definition/batch-handler.ts'
export { handleBatch, isOfBatches } from './consuming/definition/batch-handler.ts'
export type { EventHandler, HandlerContext, HandlerRegistration, Skip } from './consuming/definition/handler.ts'
export { handle, isSkip, skip } from './consuming/definition/handler.ts'
export type { Degradation, SubscriptionHealth } from './consuming/health/health.ts'
export type { OffsetMapSummary, OffsetMetadata, OffsetRange, WaitingKey } from './consuming/offsets/offset-metadata.ts'
export { describeOffsetMetadata } from './consuming/offsets/offset-metadata.ts'
export type { OldestUnsettled } from './consuming/health/oldest-unsettled.ts'
export type { Outage } from './consuming/health/outage-health.ts'
export type { RateLimit, RateLimitOptions } from './consuming/attempts/rate-limit.ts'

export type { Subscription } from './consuming/subscription.ts'
export type {
  AttemptLimits,
  CommitPace,
  FetchLimits,
  PartitionLimits,
  SessionLimits,
  SubscriptionDefinition,
  SubscriptionOptions,
} from './consuming/definition/subscription-definition.ts'
export { defineSubscription } from './consuming/definition/subscription-definition.ts'
export type {
  AppendOptions,
  AppendResult,
  AssignedPartition,
  Chunk,
  CommitOutcome,
  CommitRequest,
  CommitResult,
  CommittedOffset,
  ConsumerStatus,
  Driver,
  DriverAdmin,
  DriverConsumer,
  DriverProducer,
  GroupListener,
  GroupOptions,
  HeaderVisitor,
  OutgoingHeader,
  OutgoingRecord,
  PartitionOffsets,
  RawHeader,
  RawRecord,
  RecordList,
  StartPosition,
  TopicDescription,
  TopicPartition,
  TopicSpec,
} from './driver.ts'
export type { PublishOutcome } from './errors.ts'
export {
  AttemptFencedError,
  AttemptTimeoutError,
  AuthorizationError,
  BatchOutcomesInvalidError,
  BusClosedError,
  ClusterUnavailableError,
  ConnectionConfigError,
  DeadLetterImpossibleError,
  DriverVersionError,
  EventDataError,
  EventDefinitionError,
  GroupAlreadySubscribedError,
  GroupHasMembersError,
  GroupProtocolError,
  PublishAbortedError,
  PublishError,
  PublishManyError,
  PublishTimeoutError,
  RecordTooLargeError,
  RecordUndecodableError,
  Reject,
  RetentionTooShortError,
  RetryLater,
  SchemaConflictError,
  SchemaIncompatibleError,
  SchemaStoreUnavailableError,
  SchemaUnknownError,
  SubscriptionInvalidError,
  TopicNotFoundError,
  TopicPlanError,
  TributaryError,
  WriteRefusedError,
} from './errors.ts'
export type { AnyEventDefinition, EventData, EventDefinition, EventInput, EventOptions } from './events/define-event.ts'
export { defineEvent } from './events/define-event.ts'
export type { EventEnvelope, EventOrigin } from './events/envelope.ts'
export type { Decoded, EventDecoder } from './events/event-codec.ts'
export { createEventDecoder } from './events/event-decoder.ts'
export { headerNames, provenanceHeaderNames } from './events/header-names.ts'
export { headerText, headerValue } from './events/headers.ts'
export { assertNoSchemaConflicts } from './events/schema-conflicts.ts'
export type { ValueDecoder } from './events/value-decoder.ts'
export { createValueDecoder } from './events/value-decoder.ts'
export type { Backoff } from './failing/backoff.ts'
export { exponential, fixed } from './failing/backoff.ts'
export type { ClassificationRule, FailureMatcher, Treatment } from './failing/classification.ts'
export type { FailurePolicy } from './failing/failure-policy.ts'
export type { OutagePolicy } from './failing/outage-policy.ts'
export type { OutageReason } from './failing/outage-watch.ts'
export { originFrom, splitProvenance } from './failing/provenance.ts'
export type { RetryTopics, RetryTopicsOptions } from './failing/retry-topics.ts'
export { retryTopics } from './failing/retry-topics.ts'
export type { DeadLetterReason } from './failing/verdict.ts'
export type { Logger } from './logger.ts'
export { consoleLogger, guardedLogger, silentLogger } from './logger.ts'
export type {
  EncodedEvent,
  EncodeOptions,
  PublishEncodedOptions,
  PublishedEvent,
  Publisher,
  PublisherLimits,
  PublishManyOptions,
  PublishOptions,
} from './publishing/publisher.ts'
export type { RecordOnLog } from './raw-record.ts'
export { rawRecord } from './raw-record.ts'
export type { PlannedTopic, TopicPlanOptions, TopicPurpose, TopicSettings } from './topic-plan.ts'
export { planTopics } from './topic-plan.ts'
export { deadLetterTopic, redriveTopic, retryTopic } from './topics.ts'
export type { TelemetryOptions } from './tracing/create-telemetry.ts'
export { attributeNames, metricNames, spanNames } from './tracing/names.ts'
