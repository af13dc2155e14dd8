/** What happens in one simulation, all of it decided before it starts: so it can be printed, repeated, and made smaller. */
import type { RecordOnLog } from '@tributary/event-bus'

/** What a handler of ours does with one record in one execution. */
export type Manner =
  | 'returns'
  | 'waits'
  | 'skips'
  | 'publishes'
  | 'throws'
  | 'throws later'
  | 'rejects'
  | 'asks for later'
  /** Goes on beyond its deadline until its signal aborts. */
  | 'outlasts its deadline'
  /** Ignores its signal and returns some time after its deadline. */
  | 'is deaf'
  | 'never ends'
  /** Asks for more time again and again, and returns beyond the deadline that it had at first. */
  | 'extends'

export interface Conduct {
  readonly manner: Manner
  readonly ms: number
}

/** A record that gets onto a log. */
export interface Arrival {
  readonly atMs: number
  readonly topic: string
  readonly partition: number
  /** Null: an offset is used up and holds no record, as control batches and compaction do. */
  readonly record: RecordOnLog | null
  readonly label: string
  /** How it is treated in its first, second, ... execution; returned from at once in all later ones. */
  readonly conducts: readonly Conduct[]
}

export interface FetchFault {
  /**
   * - `repeated`: the same chunk again.
   * - `overlapping`: the next chunk starts among the records of this one.
   * - `hole`: the next chunk leaves records out.
   * - `stale`: this chunk comes once more in a later assignment.
   * - `slow`: the next one takes long.
   */
  readonly kind: 'repeated' | 'overlapping' | 'hole' | 'stale' | 'slow'
  readonly amount: number
}

export interface CommitFault {
  readonly outcome: 'failed' | 'fenced' | 'metadata-refused'
  /** Whether the offset is stored although the answer says otherwise. */
  readonly isApplied: boolean
  /** How long the answer takes, in milliseconds. */
  readonly delayMs: number
}

export interface AppendFault {
  /** `late`: it is on the log, and the acknowledgement comes after the timeout. */
  readonly kind: 'transient' | 'permanent' | 'unknown' | 'late'
  readonly isApplied: boolean
}

/** Members are meant by number among those alive, counted round. */
export type Happening = { readonly atMs: number } & (
  | { readonly kind: 'start' }
  | { readonly kind: 'close' | 'pause' | 'resume'; readonly member: number }
  | { readonly kind: 'crash'; readonly member: number; readonly backAfterMs: number }
  | { readonly kind: 'expire'; readonly member: number; readonly noticedAfterMs: number }
  | { readonly kind: 'jump clock'; readonly member: number; readonly byMs: number }
  | { readonly kind: 'truncate'; readonly topic: string; readonly partition: number; readonly records: number }
  | { readonly kind: 'fetch fault'; readonly fault: FetchFault }
  | { readonly kind: 'commit fault'; readonly fault: CommitFault; readonly times: number }
  | { readonly kind: 'append fault'; readonly fault: AppendFault; readonly times: number }
  | { readonly kind: 'topic unknown'; readonly times: number }
  | { readonly kind: 'range fault'; readonly fault: 'fails' | 'short' | 'slow'; readonly times: number }
)

/** How long the cluster takes for things when nothing is wrong, in milliseconds, at most. */
export interface Pace {
  readonly fetchMs: number
  readonly commitMs: number
  readonly appendMs: number
  readonly assignMs: number
  readonly hearsAfterPause: boolean
}

export interface Scenario {
  readonly seed: number
  /** Sources with their number of partitions. */
  readonly topics: Readonly<Record<string, number>>
  /** Partitions of every topic that the group writes to. */
  readonly ownPartitions: number
  /** Whether nothing happens that may run again what is settled: processes only come and go, and finish what they do. */
  readonly isGentle?: boolean
  /** Processes that serve the group at first. */
  readonly members: number
  readonly arrivals: readonly Arrival[]
  readonly happenings: readonly Happening[]
  /** From then on nothing goes wrong any more, in milliseconds. */
  readonly calmFromMs: number
  readonly pace: Pace
  /** How far the wall clock of a process is off at its start, in milliseconds, at most. With 0 all clocks agree. */
  readonly maxSkewMs: number
}
