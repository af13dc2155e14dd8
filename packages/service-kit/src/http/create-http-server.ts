import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import type { Logger } from 'pino'
import { Problem, type ProblemDetails, problemDocument } from './problem.ts'
import { traceRequests } from './trace-requests.ts'

/** How ready a service is to do its work. */
export interface Health {
  /** False: only a restart helps. */
  readonly live: boolean
  /** False: send it no work for now. */
  readonly ready: boolean
  /** Whatever helps whoever looks. */
  readonly details: object
}

export interface HttpServerOptions {
  readonly logger: Logger
  readonly health: () => Promise<Health> | Health
}

/** Fastify with what all services share: problem documents, a span for each request, `/health/live`, `/health/ready` and `/health`. */
export function createHttpServer({ logger, health }: HttpServerOptions): FastifyInstance {
  const app: FastifyInstance = Fastify({
    // Requests have spans; a log line for each would say the same again.
    logger: false,
    // Closing answers what has come in, and ends what only waits: kept-alive connections and streams of events.
    forceCloseConnections: true,
  })
  traceRequests(app)

  app.setErrorHandler((error: FastifyError | Problem, request, reply) => {
    const details = error instanceof Problem ? error.details : detailsOf(error)
    if (details.status >= 500) logger.error({ err: error, url: request.url }, 'a request failed')
    return reply
      .code(details.status)
      .type('application/problem+json')
      .send(JSON.stringify(problemDocument(details, request.url)))
  })
  app.setNotFoundHandler((request) => {
    throw new Problem({
      kind: 'not-found',
      title: 'There is nothing here',
      status: 404,
      detail: `${request.method} ${request.url} leads nowhere.`,
    })
  })

  app.get('/health', async (_request, reply) =>
    reply.type('application/json').send(JSON.stringify(await health(), withoutBigints)),
  )
  app.get('/health/live', async (_request, reply) => {
    const { live } = await health()
    return reply.code(live ? 200 : 503).send({ live })
  })
  app.get('/health/ready', async (_request, reply) => {
    const { ready } = await health()
    return reply.code(ready ? 200 : 503).send({ ready })
  })
  return app
}

/** Starts serving; resolves with the port, which differs from the one asked for when that was 0. */
export async function listen(
  app: FastifyInstance,
  address: { readonly host: string; readonly port: number },
): Promise<number> {
  return Number(new URL(await app.listen(address)).port)
}

/** What fastify itself refuses (bad JSON, too large, wrong media type) says so; anything else is our fault and tells the outside nothing. */
function detailsOf(error: FastifyError): ProblemDetails {
  const status = error.statusCode ?? 500
  if (status >= 400 && status < 500) {
    return { kind: 'bad-request', title: 'The request cannot be read', status, detail: error.message }
  }
  return {
    kind: 'internal',
    title: 'The service failed',
    status: 500,
    detail: 'Nothing is known to be wrong with the request; try again.',
  }
}

/** Offsets are bigints, which JSON does not have. */
function withoutBigints(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
