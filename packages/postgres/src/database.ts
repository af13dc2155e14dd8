/**
 * One way to PostgreSQL for everything in this package: Kysely on a plain `pg` pool. Behind the pool is a server, or PGlite in this process; which one is
 * decided here and nowhere else. PGlite has a single connection, so no code may ask for a second one inside a transaction: pass the transaction on.
 */
import { mkdir } from 'node:fs/promises'
import { type Logger, silentLogger } from '@tributary/event-bus'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'
import { type Listen, listenOnServer } from './listen.ts'

export interface OpenDatabaseOptions {
  /**
   * `postgres://…` or `postgresql://…`: a server. `pglite:<directory>`, or a plain path: PGlite in that directory, made when missing. `pglite:` alone: PGlite in memory.
   *
   * @defaultValue `pglite:`
   */
  readonly url?: string
  /** Tables live in this schema, made by `migrate` when missing: services that share a server keep apart by it. @defaultValue `public` */
  readonly schema?: string
  /** Connections to a server at most; PGlite always has one. @defaultValue 10 */
  readonly maxConnections?: number
  /** Hears of connections that break while idle. @defaultValue says nothing */
  readonly logger?: Logger
}

export interface Database<Tables = object> {
  readonly kind: 'postgres' | 'pglite'
  readonly schema: string
  readonly pool: pg.Pool
  readonly kysely: Kysely<Tables>
  /** Calls back after `NOTIFY channel`. A hint that may be lost: poll as well. */
  readonly listen: Listen
  /** Waits for queries under way and closes. Idempotent. */
  close(): Promise<void>
}

/** How long a query waits for a free connection, in milliseconds; on PGlite a nested `connect` would otherwise wait for ever. */
const CONNECTION_TIMEOUT_MS = 30_000

/** @throws {RangeError} when `schema` is not a plain lower-case identifier. */
export async function openDatabase<Tables = object>(options: OpenDatabaseOptions = {}): Promise<Database<Tables>> {
  const { url = 'pglite:', schema = 'public', maxConnections = 10, logger = silentLogger } = options
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema)) throw new RangeError(`schema "${schema}" is not a lower-case identifier`)
  return /^postgres(ql)?:\/\//.test(url)
    ? openServer<Tables>(url, schema, maxConnections, logger)
    : openPglite<Tables>(url.replace(/^pglite:(\/\/)?/, ''), schema)
}

function openServer<Tables>(url: string, schema: string, max: number, logger: Logger): Database<Tables> {
  const settings = { connectionString: url, options: `-c search_path=${schema}`, keepAlive: true }
  const pool = new pg.Pool({ ...settings, max, connectionTimeoutMillis: CONNECTION_TIMEOUT_MS })
  // A connection that a restarting server cuts says so by an event, and an event of errors that nobody listens to ends the process. The pool hears it of
  // idle connections; of one that is taken and between two queries only the connection itself says it. Either way the next query fails, or has another one.
  pool.on('error', (error) => logger.warn({ err: error }, 'an idle database connection broke'))
  pool.on('connect', (client) =>
    client.on('error', (error) => logger.debug({ err: error }, 'a database connection broke')),
  )
  const listener = listenOnServer(() => new pg.Client(settings), logger)
  return assemble('postgres', schema, pool, listener.listen, listener.close)
}

async function openPglite<Tables>(directory: string, schema: string): Promise<Database<Tables>> {
  const { PGlite } = await import('@electric-sql/pglite')
  const { createPgConfig } = await import('@electric-sql/pglite/node-postgres')
  const inMemory = directory === '' || directory === 'memory'
  if (!inMemory) await mkdir(directory, { recursive: true })
  const pglite = await PGlite.create(inMemory ? 'memory://' : directory)
  const settings = { connectionTimeoutMillis: CONNECTION_TIMEOUT_MS, idleTimeoutMillis: 0 }
  const pool = new pg.Pool(Object.assign(createPgConfig(pglite), settings))
  await pool.query(`set search_path to ${schema}`)
  const listen: Listen = async (channel, onWake) => {
    // Through the pool, not through the instance: a statement of the instance would run inside whatever transaction is open just then.
    await pool.query(`listen ${channel}`)
    return pglite.onNotification((heard, payload) => heard === channel && onWake(payload))
  }
  return assemble('pglite', schema, pool, listen, () => pglite.close())
}

function assemble<Tables>(
  kind: Database['kind'],
  schema: string,
  pool: pg.Pool,
  listen: Listen,
  closeRest: () => Promise<void>,
): Database<Tables> {
  const kysely = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  let closed: Promise<void> | undefined
  const close = () => {
    // An ended pool does not close what is behind it.
    closed ??= kysely.destroy().then(closeRest)
    return closed
  }
  return { kind, schema, pool, kysely, listen, close }
}
