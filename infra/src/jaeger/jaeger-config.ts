export interface JaegerPorts {
  readonly otlpHttp: number
  readonly otlpGrpc: number
  readonly query: number
  readonly queryGrpc: number
  readonly health: number
}

/** Jaeger v2's one configuration file: OTLP in, memory storage, query API out. Every port is named: the rest would listen on all addresses. */
export function jaegerConfig(ports: JaegerPorts): string {
  const at = (port: number): string => `127.0.0.1:${port}`
  return `service:
  extensions: [jaeger_storage, jaeger_query, healthcheckv2]
  pipelines:
    traces: {receivers: [otlp], processors: [batch], exporters: [jaeger_storage_exporter]}
  telemetry:
    resource: {service.name: jaeger}
    metrics: {level: none}
    logs: {level: info}
extensions:
  healthcheckv2:
    use_v2: true
    http: {endpoint: ${at(ports.health)}}
  jaeger_query:
    storage: {traces: memory}
    http: {endpoint: ${at(ports.query)}}
    grpc: {endpoint: ${at(ports.queryGrpc)}}
  jaeger_storage:
    backends:
      memory: {memory: {max_traces: 50000}}
receivers:
  otlp:
    protocols:
      grpc: {endpoint: ${at(ports.otlpGrpc)}}
      http: {endpoint: ${at(ports.otlpHttp)}}
processors:
  # What a test waits for before a span can be read back.
  batch: {timeout: 100ms}
exporters:
  jaeger_storage_exporter: {trace_storage: memory}
`
}
