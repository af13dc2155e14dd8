export { TelemetryStartError } from './errors.ts'
export { logCorrelation } from './log-correlation.ts'
export type { TelemetryOptions } from './options.ts'
export { startTelemetry, type Telemetry } from './start-telemetry.ts'
