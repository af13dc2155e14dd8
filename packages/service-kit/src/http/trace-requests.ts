import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** A server span for each request, which continues the caller's trace; handlers run inside it. Health probes have none: they would drown the rest. */
export function traceRequests(app: FastifyInstance): void {
  const tracer = trace.getTracer('@tributary/service-kit')
  const open = new WeakMap<FastifyRequest, { span: Span; context: Context }>()

  app.addHook('onRequest', (request, _reply, done) => {
    if (!request.url.startsWith('/health')) {
      const caller = propagation.extract(ROOT_CONTEXT, request.headers)
      const route = request.routeOptions.url ?? ''
      const attributes = { 'http.request.method': request.method, 'url.path': request.url, 'http.route': route }
      const span = tracer.startSpan(`${request.method} ${route}`, { kind: SpanKind.SERVER, attributes }, caller)
      open.set(request, { span, context: trace.setSpan(caller, span) })
    }
    done()
  })
  // Not in onRequest: reading the body happens in the socket's own events, and would lose the context again.
  app.addHook('preHandler', (request, _reply, done) => {
    const current = open.get(request)
    if (current === undefined) done()
    else context.with(current.context, done)
  })
  app.addHook('onResponse', (request, reply, done) => {
    const current = open.get(request)
    if (current !== undefined) {
      current.span.setAttribute('http.response.status_code', reply.statusCode)
      // A 4xx is the caller's error, not this span's.
      if (reply.statusCode >= 500) current.span.setStatus({ code: SpanStatusCode.ERROR })
      current.span.end()
    }
    done()
  })
}
