export type { ApplyTopicsOptions, TopicReport } from './apply-topics.ts'
export { applyTopics } from './apply-topics.ts'
export type { Clock, Timer } from './clock.ts'
export { systemClock } from './clock.ts'
export type { EventHandler, HandlerContext, HandlerRegistration, Skip } from './consuming/handler.ts'
export { handle, isSkip, skip } from './consuming/handler.ts'
export type { SubscriptionDefinition, SubscriptionOptions } from './consuming/subscription-definition.ts'
export { defineSubscription } from './consuming/subscription-definition.ts'
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
  OutgoingRecord,
  PartitionOffsets,
  RawHeader,
  RawRecord,
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
  BusClosedError,
  ClusterUnavailableError,
  ConnectionConfigError,
  DeadLetterImpossibleError,
  DriverVersionError,
  EventDataError,
  EventDefinitionError,
  GroupAlreadySubscribedError,
  GroupProtocolError,
  PublishAbortedError,
  PublishError,
  PublishTimeoutError,
  RecordTooLargeError,
  RecordUndecodableError,
  Reject,
  RetryLater,
  SchemaConflictError,
  SchemaIncompatibleError,
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
export { headerNames, provenanceHeaderNames } from './events/header-names.ts'
export { splitProvenance } from './failing/provenance.ts'
export type { Logger } from './logger.ts'
export { silentLogger } from './logger.ts'
export type { PlannedTopic, TopicPlanOptions, TopicPurpose, TopicSettings } from './topic-plan.ts'
export { planTopics } from './topic-plan.ts'
export { deadLetterTopic, redriveTopic } from './topics.ts'
