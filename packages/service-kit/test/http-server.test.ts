import { context, propagation, type Span, type TextMapPropagator, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createHttpServer, type Health } from '../src/http/create-http-server.ts'
import { Problem } from '../src/http/problem.ts'

const CALLER = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331', traceFlags: 1 }

/** Any request comes from the same caller. */
const propagator: TextMapPropagator = {
  inject: () => {},
  extract: (parent) => trace.setSpanContext(parent, CALLER),
  fields: () => [],
}

describe('an HTTP server', () => {
  let app: FastifyInstance
  let health: Health

  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable())
    propagation.setGlobalPropagator(propagator)
  })
  afterAll(() => {
    context.disable()
    propagation.disable()
  })
  beforeEach(() => {
    health = { live: true, ready: true, details: { lag: 3n } }
    app = createHttpServer({ logger: pino({ level: 'silent' }), health: () => health })
  })
  afterEach(() => app.close())

  it('answers a problem with its document', async () => {
    app.get('/tea', () => {
      throw new Problem({ kind: 'teapot', title: 'This is a teapot', status: 418, detail: 'Ask for tea.' })
    })
    const response = await app.inject('/tea')
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(response.json()).toEqual({
      type: 'urn:tributary:problem:teapot',
      title: 'This is a teapot',
      status: 418,
      detail: 'Ask for tea.',
      instance: '/tea',
    })
  })

  it.each([
    [
      'JSON that is none',
      { method: 'POST', url: '/orders', headers: { 'content-type': 'application/json' }, payload: '{"a":' },
      400,
    ],
    [
      'a body of a type it does not take',
      { method: 'POST', url: '/orders', headers: { 'content-type': 'text/csv' }, payload: 'a;b' },
      415,
    ],
    ['a path it does not have', { method: 'GET', url: '/nowhere' }, 404],
    ['a fault of its own', { method: 'GET', url: '/broken' }, 500],
  ] as const)('answers %s with a problem document', async (_what, request, status) => {
    app.post('/orders', () => 'never')
    app.get('/broken', () => {
      throw new TypeError('the password is hunter2')
    })
    const response = await app.inject(request)
    expect(response.statusCode).toBe(status)
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(response.json()).toMatchObject({ status })
    expect(response.body).not.toContain('hunter2')
  })

  it('tells probes whether it is live and ready', async () => {
    expect((await app.inject('/health/ready')).statusCode).toBe(200)
    expect((await app.inject('/health')).json()).toEqual({ live: true, ready: true, details: { lag: '3' } })
    health = { live: true, ready: false, details: {} }
    expect((await app.inject('/health/live')).statusCode).toBe(200)
    expect((await app.inject('/health/ready')).statusCode).toBe(503)
  })

  it("runs a handler in the caller's trace, also after a body that came in pieces", async () => {
    const seen: (Span | undefined)[] = []
    app.post('/orders', async () => {
      seen.push(trace.getActiveSpan())
      return 'ok'
    })
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const pieces = new ReadableStream({
      async start(controller) {
        for (const piece of ['{"a', '":1', '}']) {
          controller.enqueue(new TextEncoder().encode(piece))
          await new Promise((resolve) => setImmediate(resolve))
        }
        controller.close()
      },
    })
    await fetch(`${url}/orders`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: pieces,
      duplex: 'half',
    })
    expect(seen[0]?.spanContext().traceId).toBe(CALLER.traceId)
  })
})
