import type { Logger } from '@tributary/event-bus'
import { TelemetryStartError } from './errors.ts'

export interface TelemetryOptions {
  /** `service.name`: the name under which Jaeger and Prometheus show this process. */
  readonly serviceName: string
  /** `service.version`. */
  readonly serviceVersion?: string
  /** Further resource attributes, for example `deployment.environment.name`. Nothing about the host or the process is added by itself. */
  readonly resourceAttributes?: Readonly<Record<string, string>>
  /** Base URL of an OTLP/HTTP receiver, as in `OTEL_EXPORTER_OTLP_ENDPOINT`: `http://127.0.0.1:4318`. Without it no traces leave the process. */
  readonly otlpEndpoint?: string | undefined
  /** Serves `/metrics` for Prometheus to scrape. Port 0 takes any free one. Host: @defaultValue '127.0.0.1' */
  readonly prometheus?: { readonly port: number; readonly host?: string } | undefined
  /**
   * Whether metrics are pushed to `otlpEndpoint` too. @defaultValue true without `prometheus`, false with it: counted twice, a sum over both is wrong.
   */
  readonly otlpMetrics?: boolean
  /**
   * Share of new traces that are recorded, 0 to 1. A trace that another service began keeps that service's decision. @defaultValue 1
   */
  readonly sampleRatio?: number
  /** How long a finished span waits for others before it is sent. @defaultValue 1000 */
  readonly spanDelayMs?: number
  /** How often metrics are pushed over OTLP. @defaultValue 10000 */
  readonly metricIntervalMs?: number
  /** Where the SDK reports its own trouble (an endpoint that does not answer). @defaultValue nowhere */
  readonly logger?: Pick<Logger, 'warn' | 'error'>
}

/** @throws {TelemetryStartError} with every fault found, each naming its option. */
export function validateOptions(options: TelemetryOptions): void {
  const faults: string[] = []
  if (options.serviceName.trim() === '') faults.push('serviceName is empty')
  const { sampleRatio = 1, otlpEndpoint, prometheus } = options
  if (!(sampleRatio >= 0 && sampleRatio <= 1)) faults.push(`sampleRatio is ${sampleRatio}, and must be from 0 to 1`)
  if (otlpEndpoint !== undefined && !/^https?:$/.test(protocolOf(otlpEndpoint))) {
    faults.push(`otlpEndpoint is "${otlpEndpoint}", and must be an http or https URL such as http://127.0.0.1:4318`)
  }
  if (
    prometheus !== undefined &&
    !(Number.isInteger(prometheus.port) && prometheus.port >= 0 && prometheus.port <= 65_535)
  ) {
    faults.push(`prometheus.port is ${prometheus.port}, and must be a port number, or 0 for any free one`)
  }
  if (faults.length > 0) throw new TelemetryStartError(`Telemetry is misconfigured: ${faults.join('; ')}.`)
}

function protocolOf(url: string): string {
  return URL.canParse(url) ? new URL(url).protocol : ''
}
