/**
 * Spans around publishing and handling. Each comes in two kinds: one that drives an OpenTelemetry span, and one that only knows its context, for
 * when no SDK is registered.
 */
import {
  type Attributes,
  type Context,
  context as contextApi,
  isSpanContextValid,
  type Link,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import { errorTypeOf } from './error-type.ts'
import { attributeNames, spanNames } from './names.ts'
import { spanContextOf } from './propagation.ts'
import { type RemoteTrace, remoteTraceOf } from './remote-trace.ts'
import type { AttemptInfo, AttemptSpan, BatchInfo, DepartureInfo, DepartureSpan, SendSpan } from './telemetry.ts'
import { formatTraceparent } from './trace-context.ts'
import { newSpanContext } from './trace-ids.ts'

class Recording {
  readonly spanContext: SpanContext
  protected readonly span: Span
  #isEnded = false

  constructor(span: Span, spanContext: SpanContext) {
    this.span = span
    this.spanContext = spanContext
  }

  fail(error: unknown): void {
    if (this.#isEnded || !this.span.isRecording()) return
    const message = error instanceof Error ? error.message : errorTypeOf(error)
    this.span.setAttribute(attributeNames.errorType, errorTypeOf(error))
    this.span.recordException(error instanceof Error ? error : message)
    this.span.setStatus({ code: SpanStatusCode.ERROR, message })
  }

  end(): void {
    if (this.#isEnded) return
    this.#isEnded = true
    this.span.end()
  }
}

class RecordingSend extends Recording implements SendSpan {
  get isTraced(): boolean {
    return true
  }
}

class RecordingDeparture extends Recording implements DepartureSpan {
  get traceparent(): Buffer {
    return formatTraceparent(this.spanContext)
  }
}

class RecordingAttempt extends Recording implements AttemptSpan {
  readonly context: Context
  readonly traceId: string

  constructor(span: Span, spanContext: SpanContext, context: Context) {
    super(span, spanContext)
    this.context = context
    this.traceId = spanContext.traceId
  }

  run<T>(fn: () => T): T {
    return contextApi.with(this.context, fn)
  }
}

class UntracedSend implements SendSpan, DepartureSpan {
  readonly spanContext: SpanContext

  constructor(spanContext: SpanContext) {
    this.spanContext = spanContext
  }

  get isTraced(): boolean {
    return false
  }

  get traceparent(): Buffer {
    return formatTraceparent(this.spanContext)
  }

  fail(): void {}
  end(): void {}
}

/** Reads the headers only when somebody asks: a handler that publishes nothing and logs nothing pays nothing. */
class UntracedAttempt implements AttemptSpan {
  readonly #record: AttemptInfo['record']
  readonly #traceId: string | null
  #remote: RemoteTrace | null = null
  #parent: SpanContext | null = null

  constructor({ record, traceId }: Pick<AttemptInfo, 'record' | 'traceId'>) {
    this.#record = record
    this.#traceId = traceId
  }

  get #trace(): RemoteTrace {
    this.#remote ??= remoteTraceOf(this.#record)
    return this.#remote
  }

  get #spanContext(): SpanContext {
    this.#parent ??= parentOf(this.#trace, this.#traceId)
    return this.#parent
  }

  get traceId(): string {
    return this.#traceId ?? this.#spanContext.traceId
  }

  get context(): Context {
    return this.#trace.contextBelow(this.#spanContext)
  }

  run<T>(fn: () => T): T {
    return fn()
  }

  fail(): void {}
  end(): void {}
}

/** The creation context of a record. The trace id in its body wins; a record that names no trace at all starts one. */
function parentOf({ created }: RemoteTrace, traceId: string | null): SpanContext {
  if (traceId !== null && created?.traceId !== traceId) return newSpanContext(traceId)
  return created ?? newSpanContext()
}

/** Attributes that all spans of a kind, topic and member share, with what they are of. */
interface SharedAttributes {
  readonly operation: 'send' | 'process'
  readonly topic: string
  readonly clientId: string
  readonly group: string | undefined
  readonly attributes: Attributes
}

/** Makes spans with one tracer; `tracer` is null while no SDK is registered. */
export class SpanFactory {
  readonly #tracer: () => Tracer | null
  /** Attributes that all spans of a kind, topic and member share. Built once: a sampler sees them, and most spans are never recorded. */
  readonly #shared = new Map<string, Attributes>()
  #lastShared: SharedAttributes | null = null

  constructor(tracer: () => Tracer | null) {
    this.#tracer = tracer
  }

  startAttempt(info: AttemptInfo): AttemptSpan {
    const tracer = this.#tracer()
    if (tracer === null) return new UntracedAttempt(info)
    const remote = remoteTraceOf(info.record)
    const parent = parentOf(remote, info.traceId)
    const parentContext = remote.contextBelow(parent)
    const span = tracer.startSpan(
      `${spanNames.process} ${info.topic}`,
      {
        kind: SpanKind.CONSUMER,
        attributes: this.#sharedAttributes('process', info.topic, info.clientId, info.group),
        links: hopLinks(remote.hopIn(parent.traceId)),
      },
      parentContext,
    )
    if (span.isRecording()) {
      span.setAttribute(attributeNames.partition, String(info.partition))
      span.setAttribute(attributeNames.recordOffset, Number(info.recordOffset))
      span.setAttribute(attributeNames.attempt, info.attempt)
      if (info.eventId !== null) span.setAttribute(attributeNames.messageId, info.eventId)
      if (info.eventType !== null) span.setAttribute(attributeNames.eventType, info.eventType)
    }
    return new RecordingAttempt(span, validOr(span, parent), trace.setSpan(parentContext, span))
  }

  startBatch(info: BatchInfo): AttemptSpan {
    const tracer = this.#tracer()
    const untraced = new UntracedAttempt({ record: { headers: [] }, traceId: null })
    if (tracer === null) return untraced
    const span = tracer.startSpan(
      `${spanNames.process} ${info.topic}`,
      {
        kind: SpanKind.CONSUMER,
        attributes: this.#sharedAttributes('process', info.topic, info.clientId, info.group),
        links: batchLinks(info),
      },
      ROOT_CONTEXT,
    )
    if (span.isRecording()) {
      span.setAttribute(attributeNames.partition, String(info.partition))
      span.setAttribute(attributeNames.batchCount, info.headers.length)
      span.setAttribute(attributeNames.eventType, info.eventType)
    }
    const own = validOr(span, spanContextOf(untraced.context))
    return new RecordingAttempt(span, own, trace.setSpan(ROOT_CONTEXT, span))
  }

  attemptInBatch(info: AttemptInfo): AttemptSpan {
    return new UntracedAttempt(info)
  }

  startDeparture(info: DepartureInfo): DepartureSpan {
    const tracer = this.#tracer()
    const parent = spanContextOf(info.context)
    if (tracer === null) return new UntracedSend(parent)
    const span = tracer.startSpan(
      `${spanNames.send} ${info.topic}`,
      { kind: SpanKind.PRODUCER, attributes: this.#sharedAttributes('send', info.topic, info.clientId) },
      info.context,
    )
    if (span.isRecording()) {
      if (info.reason !== null) span.setAttribute(attributeNames.reason, info.reason)
      if (info.eventId !== null) span.setAttribute(attributeNames.messageId, info.eventId)
    }
    return new RecordingDeparture(span, validOr(span, parent))
  }

  /** One span for all events of a call; it is the creation context of each of them. */
  startSend(topic: string, clientId: string, parentContext: Context, count: number): SendSpan {
    const tracer = this.#tracer()
    if (tracer === null) return new UntracedSend(spanContextOf(parentContext))
    const span = tracer.startSpan(
      `${spanNames.send} ${topic}`,
      { kind: SpanKind.PRODUCER, attributes: this.#sharedAttributes('send', topic, clientId) },
      parentContext,
    )
    if (count > 1 && span.isRecording()) span.setAttribute(attributeNames.batchCount, count)
    const own = span.spanContext()
    return new RecordingSend(span, isSpanContextValid(own) ? own : spanContextOf(parentContext))
  }

  /** The hop of an event that was encoded earlier; null when there is nothing to record, and the event travels as it is. */
  startRelay(topic: string, clientId: string, created: SpanContext | null): SendSpan | null {
    const tracer = this.#tracer()
    if (tracer === null || created === null) return null
    const span = tracer.startSpan(
      `${spanNames.send} ${topic}`,
      { kind: SpanKind.PRODUCER, attributes: this.#sharedAttributes('send', topic, clientId) },
      trace.setSpanContext(ROOT_CONTEXT, created),
    )
    return span.isRecording() ? new RecordingSend(span, span.spanContext()) : null
  }

  #sharedAttributes(operation: 'send' | 'process', topic: string, clientId: string, group?: string): Attributes {
    // Records of one topic come in runs.
    const last = this.#lastShared
    const isSame = last?.operation === operation && last.topic === topic && last.clientId === clientId
    if (isSame && last.group === group) return last.attributes
    const key = `${operation}\0${topic}\0${clientId}\0${group ?? ''}`
    let attributes = this.#shared.get(key)
    if (attributes === undefined) {
      attributes = {
        [attributeNames.system]: 'kafka',
        [attributeNames.operationName]: operation,
        [attributeNames.operationType]: operation,
        [attributeNames.destination]: topic,
        [attributeNames.clientId]: clientId,
        ...(group === undefined ? {} : { [attributeNames.group]: group }),
      }
      this.#shared.set(key, attributes)
    }
    this.#lastShared = { operation, topic, clientId, group, attributes }
    return attributes
  }
}

/** Tracing may be suppressed where a span is started; its context is then none. */
function validOr(span: Span, fallback: SpanContext): SpanContext {
  const own = span.spanContext()
  return isSpanContextValid(own) ? own : fallback
}

/** A batch belongs to no trace of its records more than to another: it links all of them. */
function batchLinks({ headers }: BatchInfo): Link[] {
  return headers.flatMap((ofRecord) => {
    const { created } = remoteTraceOf({ headers: ofRecord })
    return created === null ? [] : [{ context: created }]
  })
}

// The parent is never linked as well: Jaeger would show the pair as FOLLOWS_FROM and no child.
function hopLinks(hop: SpanContext | null): Link[] {
  return hop === null ? [] : [{ context: hop }]
}
