/** Evidence for tests: four records of one stream in partition 0, handled in order by one member, committed; each test says what was different. */
import { fateOf } from '../programs/fate.ts'
import type { Commit, Epoch, Evidence, Execution, LogRecord } from './evidence.ts'

/** Streams whose first events all succeed. */
export const stream: string =
  Array.from({ length: 1_000 }, (_, index) => `stream-${index}`).find((name) =>
    [0, 1, 2, 3].every((seq) => fateOf(name, seq) === 'succeeds'),
  ) ?? ''

export const log: readonly LogRecord[] = [0, 1, 2, 3].map((seq) => ({
  partition: 0,
  offset: seq,
  id: `${stream}/${seq}`,
}))

export function epoch(life: string, given: Partial<Epoch> = {}): Epoch {
  const whole = {
    partition: 0,
    position: 0,
    from: 0,
    to: 1_000,
    revokingAt: null,
    end: 'process',
    frozenAt: null,
  } as const
  return { life, ...whole, ...given }
}

/** Ten milliseconds long, unless it says otherwise. */
export function execution(of: Epoch, offset: number, from: number, given: Partial<Execution> = {}): Execution {
  const { id } = log[offset] ?? { id: '' }
  return { epoch: of, partition: 0, offset, id, attempt: 1, from, to: from + 10, end: 'success', ...given }
}

export function commit(nextOffset: number, at: number): Commit {
  return { at, partition: 0, nextOffset, outcome: 'committed' }
}

export function evidence(given: Partial<Evidence> = {}): Evidence {
  const only = epoch('member-1.1')
  return {
    log,
    sent: log.length,
    publications: log.map((record) => ({ ...record, outcome: 'acknowledged' as const })),
    executions: log.map(({ offset }) => execution(only, offset, 10 * offset)),
    epochs: [only],
    commits: [commit(4, 50)],
    deadLetters: [],
    faults: [],
    uncommitted: 0n,
    served: { from: 0, to: 100 },
    ...given,
  }
}
