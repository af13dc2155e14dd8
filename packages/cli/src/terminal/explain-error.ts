/** What to do, for the errors that a command is likely to meet. `docs/errors.md` has them all. */
const remedies: Readonly<Record<string, string>> = {
  CLUSTER_UNAVAILABLE:
    'Check --brokers (or KAFKA_BROKERS) and that the cluster is running. `tributary dev` starts one for development.',
  CONNECTION_CONFIG_INVALID: 'Correct the setting that the message names.',
  NOT_AUTHORIZED: 'Check the credentials, and that they may do this on this cluster.',
  TOPIC_NOT_FOUND: 'Create the topics on purpose: `tributary topics ensure --module <file>`.',
  TOPIC_PLAN_INVALID:
    'Resolve each conflict that the message lists, then run it again: it changes only what is missing.',
  WRITE_REFUSED:
    'Find out from the message why the cluster refuses the write; nothing has been lost, and the command can be run again.',
  EMBEDDED_KAFKA_OPTIONS:
    'Correct what the message names. A --data directory serves one process at a time, and holds nothing else.',
  EADDRINUSE: 'Something listens there already. Give another --port; 0 takes a free one.',
  PUBLISH_TIMEOUT: 'Run the command again: it goes on where it ended.',
}

/** An error as the command line tells it: code, what happened, what to do. */
export function explainError(error: unknown): {
  readonly code: string | null
  readonly message: string
  readonly remedy: string | null
} {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
  return { code, message, remedy: code === null ? null : (remedies[code] ?? null) }
}
