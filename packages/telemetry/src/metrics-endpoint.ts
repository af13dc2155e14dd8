import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus'
import { TelemetryStartError } from './errors.ts'

export interface MetricsEndpoint {
  readonly reader: PrometheusExporter
  readonly url: string
  close(): Promise<void>
}

/**
 * `GET /metrics` in Prometheus' text format. The exporter's own server reads port 0 as 9464 and reports a port that is taken only to a diagnostic log, so
 * the server here is ours and the exporter only answers.
 */
export async function startMetricsEndpoint(port: number, host: string): Promise<MetricsEndpoint> {
  const reader = new PrometheusExporter({ preventServerStart: true })
  const server = createServer((request, response) => {
    const path = request.url?.split('?', 1)[0]
    if (path === '/metrics' && request.method === 'GET') reader.getMetricsRequestHandler(request, response)
    else response.writeHead(404, { 'content-type': 'text/plain' }).end('GET /metrics\n')
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new TelemetryStartError(`The metrics endpoint cannot listen on ${host}:${port}: ${cause.message}`, { cause }),
      ),
    )
    server.listen(port, host, resolve)
  })
  // Metrics alone are no reason for a process to stay.
  server.unref()
  const { port: actual } = server.address() as AddressInfo
  return {
    reader,
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}/metrics`,
    close: () => new Promise((resolve) => server.close(() => resolve()).closeAllConnections()),
  }
}
