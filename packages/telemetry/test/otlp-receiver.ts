import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: string | number }
}

export interface ReceivedSpan {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
}

interface Export {
  readonly resource: { readonly attributes: readonly Attribute[] }
  readonly scopeSpans?: readonly { readonly spans: readonly ReceivedSpan[] }[]
  readonly scopeMetrics?: readonly { readonly metrics: readonly { readonly name: string }[] }[]
}

/** An OTLP/HTTP receiver (JSON) that keeps what it is sent. `mute` makes it take requests and never answer. */
export async function startOtlpReceiver(options: { mute?: boolean } = {}) {
  const exports: Export[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (text: string) => {
      body += text
    })
    request.on('end', () => {
      const payload = JSON.parse(body) as { resourceSpans?: Export[]; resourceMetrics?: Export[] }
      exports.push(...(payload.resourceSpans ?? []), ...(payload.resourceMetrics ?? []))
      if (options.mute !== true) response.writeHead(200, { 'content-type': 'application/json' }).end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    spans: () => exports.flatMap((one) => one.scopeSpans?.flatMap((scope) => scope.spans) ?? []),
    metricNames: () =>
      exports.flatMap((one) => one.scopeMetrics?.flatMap((scope) => scope.metrics.map((metric) => metric.name)) ?? []),
    resourceKeys: () => new Set(exports.flatMap((one) => one.resource.attributes.map((attribute) => attribute.key))),
    [Symbol.asyncDispose]: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
