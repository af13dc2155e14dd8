import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type OtlpTraces, type SeenSpan, spansFromOtlp } from './otlp.ts'

/** A collector in the demo's own process: it keeps the spans for the tree, and passes everything on to a real one where there is one. */
export interface TraceCollector {
  /** Where the services send to: OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string
  spansOf(traceId: string): readonly SeenSpan[]
  /** Ids of the traces seen, in the order of their first span. */
  traceIds(): Iterable<string>
  close(): Promise<void>
}

/** Enough for any run of the demo, and a bound all the same. */
const maxSpans = 200_000

export async function startTraceCollector(forwardTo: string | null): Promise<TraceCollector> {
  const traces = new Map<string, SeenSpan[]>()
  let count = 0
  const keep = (span: SeenSpan): void => {
    if (count >= maxSpans) return
    count += 1
    const spans = traces.get(span.traceId)
    if (spans === undefined) traces.set(span.traceId, [span])
    else spans.push(span)
  }

  const server = createServer((request, response) => {
    void readBody(request)
      .then(async (body) => {
        if (request.url === '/v1/traces')
          for (const span of spansFromOtlp(JSON.parse(body.toString()) as OtlpTraces)) keep(span)
        if (forwardTo !== null) await forward(forwardTo, request, body)
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
      })
      .catch(() => response.writeHead(400).end())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo

  return {
    endpoint: `http://127.0.0.1:${port}`,
    spansOf: (traceId) => traces.get(traceId) ?? [],
    traceIds: () => traces.keys(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = []
  for await (const part of request) parts.push(part as Buffer)
  return Buffer.concat(parts)
}

/** The real collector's troubles are not the services': a failed copy is dropped. */
async function forward(base: string, request: IncomingMessage, body: Buffer): Promise<void> {
  const headers = { 'content-type': request.headers['content-type'] ?? 'application/json' }
  await fetch(`${base.replace(/\/$/, '')}${request.url}`, {
    method: 'POST',
    headers,
    body: new Uint8Array(body),
  }).catch(() => undefined)
}
