import { context, DiagLogLevel, diag, logs, metrics, propagation, trace } from '@opentelemetry/api'
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources'
import { type IMetricReader, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics'
import { NodeSDK } from '@opentelemetry/sdk-node'
import { BatchSpanProcessor, ParentBasedSampler, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace'
import { secondsView } from './duration-view.ts'
import { startMetricsEndpoint } from './metrics-endpoint.ts'
import { type TelemetryOptions, validateOptions } from './options.ts'

export interface Telemetry {
  /** False when there was neither an OTLP endpoint nor a Prometheus port: then nothing is recorded and nothing costs anything. */
  readonly isOn: boolean
  /** Where Prometheus can scrape this process. */
  readonly metricsUrl: string | undefined
  /**
   * Sends what is still here and stops. Never throws, and never takes longer than `deadlineMs` (@defaultValue 5000): a collector that is away must not keep a
   * service from ending. Idempotent.
   *
   * @returns whether everything was handed over.
   */
  shutdown(deadlineMs?: number): Promise<boolean>
}

/**
 * Registers the OpenTelemetry SDK for this process: traces and metrics over OTLP/HTTP, metrics for Prometheus, W3C propagation. Call it once, before
 * the bus is made, and `shutdown()` last.
 *
 * @throws {TelemetryStartError} when the options are wrong or the Prometheus port is taken. A collector that does not answer is no error: it may come later.
 */
export async function startTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  validateOptions(options)
  const { otlpEndpoint, prometheus, logger } = options
  if (otlpEndpoint === undefined && prometheus === undefined) return inertTelemetry

  if (logger !== undefined)
    diag.setLogger(diagnosticsTo(logger), { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true })
  const endpoint =
    prometheus === undefined ? undefined : await startMetricsEndpoint(prometheus.port, prometheus.host ?? '127.0.0.1')
  const signal = (name: string): string => `${otlpEndpoint?.replace(/\/$/, '')}/v1/${name}`

  const readers: IMetricReader[] = endpoint === undefined ? [] : [endpoint.reader]
  if (otlpEndpoint !== undefined && (options.otlpMetrics ?? prometheus === undefined)) {
    const exporter = new OTLPMetricExporter({ url: signal('metrics') })
    const exportIntervalMillis = options.metricIntervalMs ?? 10_000
    readers.push(
      new PeriodicExportingMetricReader({ exporter, exportIntervalMillis, exportTimeoutMillis: exportIntervalMillis }),
    )
  }
  const sdk = new NodeSDK({
    resource: defaultResource().merge(
      resourceFromAttributes({
        ...options.resourceAttributes,
        'service.name': options.serviceName,
        ...(options.serviceVersion === undefined ? {} : { 'service.version': options.serviceVersion }),
      }),
    ),
    // The detectors would put the command line, paths and the user's name into every span.
    autoDetectResources: false,
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(options.sampleRatio ?? 1) }),
    // Each list is given even when it is empty: where one is missing, the SDK makes exporters from its own defaults.
    spanProcessors:
      otlpEndpoint === undefined
        ? []
        : [
            new BatchSpanProcessor({
              exporter: new OTLPTraceExporter({ url: signal('traces') }),
              scheduledDelayMillis: options.spanDelayMs ?? 1_000,
            }),
          ],
    metricReaders: readers,
    logRecordProcessors: [],
    views: [secondsView],
    instrumentations: [],
  })
  sdk.start()

  let shutDown: Promise<boolean> | undefined
  return {
    isOn: true,
    metricsUrl: endpoint?.url,
    shutdown: (deadlineMs = 5_000) => {
      shutDown ??= within(deadlineMs, async () => {
        await sdk.shutdown()
        await endpoint?.close()
      }).finally(unregister)
      return shutDown
    },
  }
}

const inertTelemetry: Telemetry = { isOn: false, metricsUrl: undefined, shutdown: () => Promise.resolve(true) }

async function within(deadlineMs: number, work: () => Promise<void>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the collector did not take everything within ${deadlineMs} ms`)),
      deadlineMs,
    )
  })
  try {
    await Promise.race([work(), late])
    return true
  } catch (error) {
    diag.error(`Spans or metrics were lost at shutdown: ${String(error)}`)
    return false
  } finally {
    clearTimeout(timer)
  }
}

/** The API refuses a second registration; without this a process (or a test) could not start telemetry again. */
function unregister(): void {
  trace.disable()
  metrics.disable()
  logs.disable()
  context.disable()
  propagation.disable()
  diag.disable()
}

function diagnosticsTo(logger: NonNullable<TelemetryOptions['logger']>): Parameters<typeof diag.setLogger>[0] {
  const ignore = (): void => {}
  return {
    error: (message, ...details) => logger.error({ details }, message),
    warn: (message, ...details) => logger.warn({ details }, message),
    info: ignore,
    debug: ignore,
    verbose: ignore,
  }
}
