import { readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A process id together with the moment at which that process started (`1234:5678`). After a reboot, or in a long-lived container, a number in an old
 * pid file may belong to somebody else's process; with the moment beside it we never signal a stranger.
 */
export type ProcessIdentity = string

/** The identity of a running process. Where there is no /proc the moment stays empty and the number alone has to do. */
export function processIdentity(pid: number): ProcessIdentity {
  return `${pid}:${startedAt(pid) ?? ''}`
}

export function isRunning(identity: ProcessIdentity): boolean {
  const pid = pidOf(identity)
  if (process.platform === 'linux') return startedAt(pid) !== undefined && processIdentity(pid) === identity
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Ends a process: asks with `signal`, kills it after `graceMs` (@defaultValue 15000). Resolves when it is gone; at once when it already is. */
export async function stopProcess(identity: ProcessIdentity, signal: NodeJS.Signals, graceMs = 15_000): Promise<void> {
  if (!isRunning(identity)) return
  process.kill(pidOf(identity), graceMs > 0 ? signal : 'SIGKILL')
  const killAt = Date.now() + graceMs
  let killed = graceMs === 0
  while (isRunning(identity)) {
    if (!killed && Date.now() >= killAt) {
      process.kill(pidOf(identity), 'SIGKILL')
      killed = true
    }
    await sleep(20)
  }
}

function pidOf(identity: ProcessIdentity): number {
  return Number.parseInt(identity, 10)
}

/** Field 22 of /proc/PID/stat, in clock ticks since boot; undefined for a process that is gone, or that is dead and only waits for its parent. */
function startedAt(pid: number): string | undefined {
  let stat: string
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    return undefined
  }
  // The program's name stands in parentheses and may hold spaces and parentheses itself: count from the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? undefined : fields[19]
}
