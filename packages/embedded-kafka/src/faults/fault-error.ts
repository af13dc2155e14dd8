/**
 * A fault cannot be staged as it was asked for, or did not happen: a mistake in the test or in what it expects, never
 * an answer to a client.
 */
export class EmbeddedKafkaFaultError extends Error {
  readonly code = 'EMBEDDED_KAFKA_FAULT' as const

  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = 'EmbeddedKafkaFaultError'
  }
}
