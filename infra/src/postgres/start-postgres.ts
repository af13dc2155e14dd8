import { chown, mkdir, readdir, readFile, realpath, rm } from 'node:fs/promises'
import path from 'node:path'
import { findCommand, requireProgram, run } from '../host/command.ts'
import { freePort } from '../host/ports.ts'
import { type Lifetime, startService } from '../host/service-process.ts'
import { stateDir } from '../host/state-dir.ts'

export interface PostgresOptions {
  /** @defaultValue a free port below 32768 */
  readonly port?: number
  /** Where data, log and pid file go. @defaultValue a new folder under the system's temporary folder */
  readonly stateDir?: string
  /** @defaultValue 'owner' */
  readonly lifetime?: Lifetime
}

export interface PostgresHandle {
  /** Connection string of the superuser `app` on the database `postgres`; no password. */
  readonly url: string
  /** Makes an empty database and returns its connection string: one for each test file keeps them apart. */
  createDatabase(name: string): Promise<string>
  /** Stops the server (open connections are cut) and deletes its data. Idempotent. */
  close(): Promise<void>
}

/** Starts a throw-away PostgreSQL on 127.0.0.1. It forgets everything on a power cut (fsync is off): for tests, not for measuring. */
export async function startPostgres(options: PostgresOptions = {}): Promise<PostgresHandle> {
  const initdb = await requireProgram('The PostgreSQL server (initdb, postgres)', 'postgresql', findInitdb)
  const bin = path.dirname(initdb)
  const dir = await stateDir('postgres', options.stateDir)
  const data = path.join(dir, 'data')
  // The server refuses to run as root.
  const user = process.getuid?.() === 0 ? 'postgres' : undefined
  await mkdir(data, { recursive: true, mode: 0o700 })
  const initialise = [initdb, '-D', data, '-U', 'app', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']
  if (user === undefined) {
    await run(initdb, initialise.slice(1), { cwd: dir })
  } else {
    const [uid, gid] = await accountOf(user)
    await chown(data, uid, gid)
    await run('setpriv', [`--reuid=${user}`, `--regid=${user}`, '--init-groups', ...initialise], { cwd: dir })
  }

  const port = await freePort(options.port)
  const settings = {
    listen_addresses: '127.0.0.1',
    port: String(port),
    unix_socket_directories: '',
    max_connections: '200',
    wal_level: 'logical',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
  }
  const server = await startService({
    name: 'postgres',
    command: path.join(bin, 'postgres'),
    args: ['-D', data, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])],
    cwd: dir,
    logFile: path.join(dir, 'postgres.log'),
    pidFile: path.join(dir, 'postgres.pid'),
    lifetime: options.lifetime ?? 'owner',
    ...(user === undefined ? {} : { user }),
    isReady: () => accepts(path.join(bin, 'pg_isready'), port),
    // "Fast shutdown": SIGTERM would wait until every client has gone.
    stopSignal: 'SIGINT',
  })
  const urlOf = (database: string): string => `postgres://app@127.0.0.1:${port}/${database}`
  return {
    url: urlOf('postgres'),
    createDatabase: async (name) => {
      await run(path.join(bin, 'createdb'), ['-h', '127.0.0.1', '-p', String(port), '-U', 'app', name])
      return urlOf(name)
    },
    close: async () => {
      await server.stop()
      await rm(dir, { recursive: true, force: true })
    },
  }
}

/**
 * Debian keeps the server's programs out of the PATH, one folder a version; the newest is taken. Links are followed, because only the real folder is
 * sure to hold the other programs too.
 */
async function findInitdb(): Promise<string | undefined> {
  const root = '/usr/lib/postgresql'
  const versions = await readdir(root).catch((): string[] => [])
  const newestFirst = versions.sort((a, b) => Number(b) - Number(a))
  const folders = newestFirst.map((version) => path.join(root, version, 'bin'))
  const found = await findCommand('initdb', folders)
  return found === undefined ? undefined : realpath(found)
}

async function accountOf(user: string): Promise<[uid: number, gid: number]> {
  const entry = (await readFile('/etc/passwd', 'utf8')).split('\n').find((line) => line.startsWith(`${user}:`))
  const [, , uid, gid] = entry?.split(':') ?? []
  if (uid === undefined || gid === undefined) throw new Error(`There is no system user "${user}" to run PostgreSQL as`)
  return [Number(uid), Number(gid)]
}

function accepts(pgIsReady: string, port: number): Promise<boolean> {
  return run(pgIsReady, ['-q', '-h', '127.0.0.1', '-p', String(port)]).then(
    () => true,
    () => false,
  )
}
