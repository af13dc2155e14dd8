/**
 * One process at a time works in a directory. The lock is a file `lock.<n>` that names its holder; the highest n counts.
 * A lock whose holder was killed is overtaken by creating the next one, which only one process can do.
 */
import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import process from 'node:process'

export class DirectoryInUse extends Error {
  readonly pid: number

  constructor(directory: string, pid: number) {
    super(`${directory} is in use by process ${pid}`)
    this.name = 'DirectoryInUse'
    this.pid = pid
  }
}

/** @returns what gives the directory free again. @throws {DirectoryInUse} while its holder lives. */
export function lockDirectory(directory: string): () => void {
  const before = locksIn(directory)
  mustBeStale(directory, before)
  const own = Math.max(0, ...before) + 1
  if (!create(directory, own)) throw new DirectoryInUse(directory, holderOf(directory, own)?.pid ?? 0)

  // Another process may have seen other locks than this one did: it found none, after a clean end, and created lock.1,
  // while this one had still seen lock.5 and created lock.6. Both look again after creating theirs, so at least one of
  // them sees the other's and withdraws; perhaps both do, which is safe.
  const others = locksIn(directory).filter((lock) => lock !== own)
  try {
    mustBeStale(directory, others)
  } catch (error) {
    remove(directory, own)
    throw error
  }
  for (const stale of others) remove(directory, stale)
  return () => remove(directory, own)
}

function isLockName(name: string): boolean {
  return /^lock\.\d+$/.test(name)
}

interface Holder {
  readonly pid: number
  /** Tells a process from a later one with the same id; empty where the system does not say. */
  readonly startedAt: string
}

function locksIn(directory: string): number[] {
  return readdirSync(directory)
    .filter(isLockName)
    .map((name) => Number(name.slice('lock.'.length)))
}

function mustBeStale(directory: string, locks: readonly number[]): void {
  const living = locks.map((lock) => holderOf(directory, lock)).find((holder) => holder && isAlive(holder))
  if (living) throw new DirectoryInUse(directory, living.pid)
}

/** False when another process was faster. The lock is linked when it is written: nobody ever sees it without its holder. */
function create(directory: string, lock: number): boolean {
  const written = path.join(directory, `lock.${process.pid}.tmp`)
  writeFileSync(written, JSON.stringify({ pid: process.pid, startedAt: startOf(process.pid) } satisfies Holder))
  try {
    linkSync(written, path.join(directory, `lock.${lock}`))
    return true
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
    throw error
  } finally {
    rmSync(written)
  }
}

function remove(directory: string, lock: number): void {
  rmSync(path.join(directory, `lock.${lock}`), { force: true })
}

/** Undefined for one that is gone, or that nobody of us wrote. */
function holderOf(directory: string, lock: number): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path.join(directory, `lock.${lock}`), 'utf8')) as Holder
  } catch {
    return undefined
  }
}

function isAlive({ pid, startedAt }: Holder): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    // Somebody else's process is alive too.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  return startedAt === startOf(pid)
}

/** In a container that was killed and started again, the new process has the id of the old one. Only Linux says it here. */
function startOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The name of the program is in parentheses and may hold anything; the 20th field behind it is the start.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
