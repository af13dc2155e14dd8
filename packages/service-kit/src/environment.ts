import { z } from 'zod'

/** The environment does not allow the service to start. Lists every fault, so that one look mends them all. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError'
}

const port = z.coerce.number().int().min(0).max(65_535)

/** What every service of the shop reads from its environment. */
export const commonEnvironment = z.object({
  /** Comma-separated `host:port`. */
  KAFKA_BROKERS: z
    .string()
    .transform((text) => text.split(',').map((broker) => broker.trim()))
    .refine(
      (brokers) => brokers.every((broker) => /^[^\s:]+:\d+$/.test(broker)),
      'must be host:port, separated by commas',
    ),
  /** `postgres://…`, or a directory for PGlite, or `pglite:` for one in memory. */
  DATABASE_URL: z.string(),
  /** Keeps services apart that share a database. */
  DATABASE_SCHEMA: z.string().default('public'),
  /** 0 takes any free port; the line that says `ready` names it. */
  PORT: port.default(0),
  /** `0.0.0.0` in a container. */
  HOST: z.string().default('127.0.0.1'),
  /** Prometheus scrapes `/metrics` here. Left out: no metrics endpoint. */
  METRICS_PORT: port.optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  /** Static group membership: a restart under the same name within the session timeout moves no partition. Must differ between processes. */
  INSTANCE_ID: z.string().optional(),
})

/** @throws {EnvironmentError} */
export function readEnvironment<Schema extends z.ZodType>(
  schema: Schema,
  environment: NodeJS.ProcessEnv,
): z.output<Schema> {
  // `VARIABLE=` in a compose file means that it is not set.
  const given = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== ''))
  const result = schema.safeParse(given)
  if (result.success) return result.data
  const faults = result.error.issues.map((issue) => {
    const name = issue.path.join('.')
    return given[name] === undefined ? `${name} is not set` : `${name} is "${given[name]}": ${issue.message}`
  })
  throw new EnvironmentError(`the environment is not complete:\n${faults.map((fault) => `- ${fault}`).join('\n')}`)
}
