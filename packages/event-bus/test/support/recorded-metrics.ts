import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  type MetricData,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics'

/** An SDK that keeps its metrics until they are asked for, never by a timer. */
export class RecordedMetrics {
  readonly #exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE)
  readonly provider = new MeterProvider({
    readers: [
      new PeriodicExportingMetricReader({
        exporter: this.#exporter,
        exportIntervalMillis: 3_600_000,
        exportTimeoutMillis: 1_000,
      }),
    ],
  })

  /** All instruments as they stand now. */
  async collect(): Promise<readonly MetricData[]> {
    this.#exporter.reset()
    await this.provider.forceFlush()
    return this.#exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics))
  }

  stop(): Promise<void> {
    return this.provider.shutdown()
  }
}
