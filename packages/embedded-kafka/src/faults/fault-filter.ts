/** Which requests, or writes to the disk, a fault is for. What is left out matches everything. */
import type { ApiName } from '../api/catalogue.ts'
import type { SelectorOf } from './selectors.ts'

/** Which of those that match are hit, counted from the moment at which the fault is staged, in the order of their arrival. */
export interface Turns {
  /**
   * The first that is hit, beginning with 1.
   * @defaultValue 1, or `every`
   */
  readonly nth?: number
  /**
   * From the first on only every so many.
   * @defaultValue 1
   */
  readonly every?: number
  /**
   * How many are hit; `Infinity` until the fault is removed.
   * @defaultValue 1, or `Infinity` with `every`
   */
  readonly times?: number
}

/** A topic, or one partition of it. */
export type PlaceFilter =
  | { readonly topic?: string; readonly partition?: never }
  | { readonly topic: string; readonly partition: number }

interface SenderFilter extends Turns {
  readonly clientId?: string
  /** The node id of the broker that is asked. */
  readonly broker?: number
}

interface GroupFilter {
  readonly group?: string
}

interface TransactionFilter {
  readonly transactionalId?: string
}

/** Which requests of one API: by what they name, by who asks whom, and by their number. */
export type FaultFilter<Api extends ApiName = ApiName> = SenderFilter &
  ('partition' extends SelectorOf<Api>
    ? PlaceFilter
    : 'topic' extends SelectorOf<Api>
      ? { readonly topic?: string }
      : unknown) &
  ('group' extends SelectorOf<Api> ? GroupFilter : unknown) &
  ('transactionalId' extends SelectorOf<Api> ? TransactionFilter : unknown)

/** Which requests of whatever API. */
export type AnyRequestFilter = SenderFilter & PlaceFilter & GroupFilter & TransactionFilter

/** Which writes to the disk. */
export type DiskFilter = Turns &
  PlaceFilter & {
    /** The node id of the broker that leads the partition. */
    readonly broker?: number
  }

/** A filter with the types of its API forgotten. */
export interface Filter extends Turns {
  readonly topic?: string
  readonly partition?: number
  readonly group?: string
  readonly transactionalId?: string
  readonly clientId?: string
  readonly broker?: number
}

/** How often a fault with this filter is to happen. */
export function timesOf({ every, times }: Turns): number {
  return times ?? (every === undefined ? 1 : Number.POSITIVE_INFINITY)
}

/** Whether the one with that number among those that match, from 1 on, is to be hit, and whether a later one still can be. */
export function turnOf(turns: Turns, number: number): { isHit: boolean; isLast: boolean } {
  const { every = 1, nth = every } = turns
  const round = (number - nth) / every
  const times = timesOf(turns)
  return { isHit: round >= 0 && Number.isInteger(round) && round < times, isLast: round >= times - 1 }
}

/** Everything about the filter that cannot be meant. */
export function filterMistakes(filter: Filter, selectable: readonly string[] | undefined, brokers: number): string[] {
  const mistakes: string[] = []
  for (const name of subjectSelectors)
    if (filter[name] !== undefined && selectable?.includes(name) === false)
      mistakes.push(`its requests name no ${name}`)
  const { topic, partition, broker, nth, every, times } = filter
  if (partition !== undefined && topic === undefined) mistakes.push('partition is given without its topic')
  if (partition !== undefined && !isCount(partition, 0)) mistakes.push(`partition is ${partition}`)
  if (broker !== undefined && !(isCount(broker, 0) && broker < brokers))
    mistakes.push(`there is no broker ${broker}, only 0 to ${brokers - 1}`)
  if (nth !== undefined && !isCount(nth, 1)) mistakes.push(`nth is ${nth}; the first is 1`)
  if (every !== undefined && !isCount(every, 1)) mistakes.push(`every is ${every}`)
  if (times !== undefined && times !== Number.POSITIVE_INFINITY && !isCount(times, 1))
    mistakes.push(`times is ${times}`)
  return mistakes
}

const subjectSelectors = ['topic', 'partition', 'group', 'transactionalId'] as const

function isCount(value: number, least: number): boolean {
  return Number.isInteger(value) && value >= least
}
