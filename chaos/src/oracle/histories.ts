import type { MemberLine } from '../journal/lines.ts'
import type { Life } from '../stage/members.ts'
import type { Commit, Epoch, Execution } from './evidence.ts'

/** What one process did. */
export interface History {
  readonly epochs: readonly Epoch[]
  readonly executions: readonly Execution[]
  readonly commits: readonly Commit[]
  /** Executions that began while the process owned no such partition. */
  readonly ownerless: readonly string[]
}

type Open<T> = { -readonly [K in keyof T]: T[K] }

/** Puts the lines of a journal together. What was still open when the process ended ended with it. */
export function historyOf(life: Life, lines: readonly MemberLine[]): History {
  const processEnd = life.endedAt ?? Number.POSITIVE_INFINITY
  const current = new Map<number, Open<Epoch>>()
  const open = new Map<number, Open<Execution>>()
  const history = {
    epochs: [] as Epoch[],
    executions: [] as Execution[],
    commits: [] as Commit[],
    ownerless: [] as string[],
  }
  for (const line of lines) {
    const { at } = line
    if (line.what === 'assigned') {
      const { partition, position } = line
      const began = { life: life.name, partition, position, from: at, to: processEnd, end: 'process' as const }
      const epoch: Open<Epoch> = { ...began, revokingAt: life.endingAt, frozenAt: null }
      current.set(partition, epoch)
      history.epochs.push(epoch)
    } else if (line.what === 'start') {
      const { partition, offset, id, attempt, execution } = line
      const epoch = current.get(partition)
      if (epoch === undefined) history.ownerless.push(`${life.name} ran ${partition}/${offset}`)
      else {
        const began: Open<Execution> = { epoch, partition, offset, id, attempt, from: at, to: processEnd, end: 'cut' }
        open.set(execution, began)
        history.executions.push(began)
      }
    } else if (line.what === 'end') {
      const execution = open.get(line.execution)
      if (execution !== undefined) Object.assign(execution, { to: at, end: line.outcome })
      open.delete(line.execution)
    } else if (line.what === 'commit') {
      history.commits.push({ at, partition: line.partition, nextOffset: line.nextOffset, outcome: line.outcome })
    } else {
      const epoch = current.get(line.partition)
      if (epoch === undefined) continue
      if (line.what === 'revoking') epoch.revokingAt = at
      else {
        Object.assign(epoch, { to: at, end: line.what })
        current.delete(line.partition)
      }
    }
  }
  for (const epoch of history.epochs as Open<Epoch>[])
    epoch.frozenAt = life.freezes.find((freeze) => isOverAfter(freeze, epoch))?.from ?? null
  return history
}

/**
 * A process that is thawed too late knows it as soon as it gets a processor: its own clock says so. What it loses later than this, in milliseconds, it has not
 * lost by the freeze, and there is no excuse for it.
 */
const KNOWN_WITHIN_MS = 2_000

function isOverAfter({ from, to }: Life['freezes'][number], epoch: Epoch): boolean {
  return epoch.from <= from && from <= epoch.to && epoch.to <= to + KNOWN_WITHIN_MS
}
