import { describeFailure } from '../../failing/failure.ts'
import type { OutageReason } from '../../failing/outage-watch.ts'
import { type Degradation, followersOf } from './health.ts'
import type { OutageGate } from '../outages/outage-gate.ts'
import { printableKey } from './printable-key.ts'

/** An event type whose records are held because none of them can be handled. */
export interface Outage {
  readonly topic: string
  readonly eventType: string
  /** `broken-handler`: all failures are one kind of programming error. A deploy mends that, waiting does not. */
  readonly reason: OutageReason
  /** How long records have been held, in milliseconds. */
  readonly ageMs: number
  /** Since the last success of the type, in milliseconds; null when there was none in this process. */
  readonly sinceSuccessMs: number | null
  /** Records held in this process; more of them wait behind in their lanes, and on the log. */
  readonly held: number
  /** Until one of them is tried again, in milliseconds; null while one is being tried. */
  readonly nextProbeInMs: number | null
  /** The latest failure, as a log line says it. */
  readonly lastError: string
}

export function outagesOf(gates: Iterable<OutageGate>, nowMs: number): Outage[] {
  return Array.from(gates).flatMap(({ topic, eventType, watch, held, nextProbeInMs }) => {
    if (watch.state !== 'open') return []
    const { reason, openedAtMs, succeededAtMs, lastFailure } = watch
    const sinceSuccessMs = succeededAtMs === null ? null : nowMs - succeededAtMs
    const lastError = lastFailure === null ? '' : describeFailure(lastFailure)
    return [{ topic, eventType, reason, ageMs: nowMs - openedAtMs, sinceSuccessMs, held, nextProbeInMs, lastError }]
  })
}

/** One held record of each outage, so that whoever looks for what holds a partition finds it. */
export function outageDegradations(gates: Iterable<OutageGate>, nowMs: number): Degradation[] {
  return Array.from(gates).flatMap((gate) => {
    const [outage] = outagesOf([gate], nowMs)
    const held = gate.example
    if (outage === undefined || held === null) return []
    const { owner, record } = held
    const key = record.key === null ? null : printableKey(record.key)
    const followers = followersOf(owner, held)
    const { topic, partition } = owner
    const reason = describeOutage(outage)
    return [{ topic, partition, recordOffset: record.offset, key, followers, ageMs: outage.ageMs, reason }]
  })
}

function describeOutage({ reason, eventType, sinceSuccessMs, held, nextProbeInMs, lastError }: Outage): string {
  const since = sinceSuccessMs === null ? 'no success yet' : `no success for ${inSeconds(sinceSuccessMs)}`
  const probe = nextProbeInMs === null ? 'one is being tried' : `next probe in ${inSeconds(nextProbeInMs)}`
  return `${reason}: '${eventType}' has had ${since}, ${held} held, ${probe}: ${lastError}`
}

const inSeconds = (ms: number): string => `${Math.ceil(ms / 1_000)} s`
