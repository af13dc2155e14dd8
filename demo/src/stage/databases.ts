import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import pg from 'pg'

export interface Databases {
  /** DATABASE_URL of a service: each has a database of its own. */
  urlOf(service: string): string
  describe(): string
  close(): Promise<void>
}

/** A data directory for each service: PGlite opens it inside the service's process. */
export async function embeddedDatabases(directory: string): Promise<Databases> {
  await mkdir(directory, { recursive: true })
  return {
    urlOf: (service) => join(directory, service),
    describe: () => 'PGlite, a data directory for each service',
    close: async () => {},
  }
}

/** A new database for each service on a real server, dropped at the end. */
export async function realDatabases(serverUrl: string, services: readonly string[], run: string): Promise<Databases> {
  const names = new Map(services.map((service) => [service, `tributary_demo_${run}_${service}`]))
  const server = new pg.Client({ connectionString: serverUrl })
  await server.connect()
  for (const name of names.values()) await server.query(`create database ${pg.escapeIdentifier(name)}`)
  return {
    urlOf(service) {
      const url = new URL(serverUrl)
      url.pathname = `/${names.get(service)}`
      return url.href
    },
    describe: () => `PostgreSQL at ${new URL(serverUrl).host}`,
    async close() {
      for (const name of names.values())
        await server.query(`drop database if exists ${pg.escapeIdentifier(name)} with (force)`)
      await server.end()
    },
  }
}
