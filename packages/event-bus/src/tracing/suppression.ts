/** Calls into the Kafka client run with tracing suppressed, so that automatic instrumentation of it does not double the bus's own spans. */
import { context, createContextKey, ROOT_CONTEXT } from '@opentelemetry/api'

// The key that `suppressTracing` of @opentelemetry/core sets. Context keys are symbols of the global registry, so naming it is enough, and the
// bus keeps to the API package.
const suppressTracingKey = createContextKey('OpenTelemetry SDK Context Key SUPPRESS_TRACING')

// On the root context: what the client keeps running (connections, timers) must not hold on to the request that happened to start it.
const suppressed = ROOT_CONTEXT.setValue(suppressTracingKey, true)

/** Calls `fn` outside of any trace. */
export function untraced<T>(fn: () => T): T {
  return context.with(suppressed, fn)
}
