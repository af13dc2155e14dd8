import { TributaryError } from '@tributary/event-bus'

/** Telemetry cannot start as it is configured: a ratio out of range, an endpoint that is no URL, a port that is taken. */
export class TelemetryStartError extends TributaryError {
  static override readonly code = 'TELEMETRY_START_FAILED'
  static override readonly retryable = false
}
