import { type MeterProvider, metrics, type Tracer, type TracerProvider, trace } from '@opentelemetry/api'
import { createInstruments, createPublisherMetrics, createSubscriptionMetrics } from './metrics.ts'
import { instrumentationScope } from './names.ts'
import { SpanFactory } from './spans.ts'
import type { PublisherTelemetry, Telemetry } from './telemetry.ts'

export interface TelemetryOptions {
  /** @defaultValue the global one, which may be registered later */
  readonly tracerProvider?: TracerProvider
  /** @defaultValue the global one at the time of the call: start the SDK before the bus is made */
  readonly meterProvider?: MeterProvider
}

export function createTelemetry(options: TelemetryOptions = {}): Telemetry & PublisherTelemetry {
  const spans = new SpanFactory(tracerLookup(options.tracerProvider ?? trace.getTracerProvider()))
  const meterProvider = options.meterProvider ?? metrics.getMeterProvider()
  const instruments = createInstruments(meterProvider.getMeter(instrumentationScope))
  return {
    startAttempt: (info) => spans.startAttempt(info),
    startBatch: (info) => spans.startBatch(info),
    attemptInBatch: (info) => spans.attemptInBatch(info),
    startDeparture: (info) => spans.startDeparture(info),
    subscriptionMetrics: (labels) => createSubscriptionMetrics(instruments, labels),
    startSend: (topic, clientId, context, count) => spans.startSend(topic, clientId, context, count),
    startRelay: (topic, clientId, created) => spans.startRelay(topic, clientId, created),
    publisherMetrics: (clientId) => createPublisherMetrics(instruments, clientId),
  }
}

/**
 * Finds the tracer once an SDK is registered, and null until then. The API's global provider is a proxy whose tracers do nothing before that; asking
 * it for the delegate is how to tell, and what makes tracing without an SDK cost next to nothing.
 */
function tracerLookup(provider: TracerProvider): () => Tracer | null {
  let tracer: Tracer | null = null
  if (!('getDelegateTracer' in provider && typeof provider.getDelegateTracer === 'function')) {
    tracer = provider.getTracer(instrumentationScope)
    return () => tracer
  }
  const delegateTracer: (name: string) => Tracer | undefined = provider.getDelegateTracer.bind(provider)
  return () => {
    tracer ??= delegateTracer(instrumentationScope) ?? null
    return tracer
  }
}
