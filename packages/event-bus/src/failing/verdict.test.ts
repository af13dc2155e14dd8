import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { ClusterUnavailableError, RecordUndecodableError, Reject, RetryLater, SchemaUnknownError } from '../errors.ts'
import { fixed } from './backoff.ts'
import type { Treatment } from './classification.ts'
import { failureFrom } from './failure.ts'
import { resolveFailurePolicy } from './failure-policy.ts'
import type { Standing } from './outage-watch.ts'
import { retryTopics } from './retry-topics.ts'
import { type FailureHistory, needsPermit, type Verdict, verdictOn } from './verdict.ts'

const policy = resolveFailurePolicy({ inPlace: { attempts: 3, backoff: fixed(100) }, maxAgeMs: 1_000 })
const patient = { ...policy, afterwards: 'hold' as const }
const first: FailureHistory = {
  step: 'handle',
  attempt: 1,
  ageMs: 0,
  waitedMs: null,
  treatment: 'retry',
  standing: 'unwatched',
}

const table: [situation: string, thrown: unknown, history: FailureHistory, verdict: Verdict][] = [
  ['an error', new Error('no'), first, { kind: 'retry', afterMs: 100 }],
  ['a TypeError', new TypeError('no'), first, { kind: 'retry', afterMs: 100 }],
  ['undefined', undefined, first, { kind: 'retry', afterMs: 100 }],
  ['the last attempt but one', 'no', { ...first, attempt: 2 }, { kind: 'retry', afterMs: 100 }],
  ['the last attempt', 'no', { ...first, attempt: 3 }, { kind: 'dead-letter', reason: 'attempts-exhausted' }],
  ['the last moment of its age', 'no', { ...first, ageMs: 900 }, { kind: 'retry', afterMs: 100 }],
  ['a wait beyond its age', 'no', { ...first, ageMs: 901 }, { kind: 'dead-letter', reason: 'too-old' }],
  ['Reject', new Reject('no'), first, { kind: 'dead-letter', reason: 'rejected' }],
  ['RetryLater', new RetryLater({ afterMs: 700 }), first, { kind: 'retry', afterMs: 700 }],
  ['RetryLater beyond its age', new RetryLater({ afterMs: 5_000 }), first, { kind: 'dead-letter', reason: 'too-old' }],
  [
    'RetryLater at the last attempt',
    new RetryLater({ afterMs: 1 }),
    { ...first, attempt: 3 },
    { kind: 'dead-letter', reason: 'attempts-exhausted' },
  ],
  [
    'undecodable bytes',
    new RecordUndecodableError('no'),
    { ...first, step: 'decode' },
    { kind: 'dead-letter', reason: 'undecodable' },
  ],
  [
    'bytes that do not fit a schema that was looked up',
    new RecordUndecodableError('no'),
    { ...first, step: 'look-up' },
    { kind: 'dead-letter', reason: 'undecodable' },
  ],
  [
    'an unknown schema',
    new SchemaUnknownError('no'),
    { ...first, step: 'look-up' },
    { kind: 'dead-letter', reason: 'unknown-schema' },
  ],
  [
    'a fault of the decoder',
    new RangeError('no'),
    { ...first, step: 'decode' },
    { kind: 'dead-letter', reason: 'undecodable' },
  ],
  [
    'schemas out of reach',
    new ClusterUnavailableError('no'),
    { ...first, step: 'look-up', attempt: 99, ageMs: 1e9 },
    { kind: 'hold', afterMs: 100 },
  ],
]

const lastOne: FailureHistory = { ...first, attempt: 3 }
const exhausted: Verdict = { kind: 'dead-letter', reason: 'attempts-exhausted' }

/** What is known of others, and what that means for a record whose attempts are used up. */
const standings: [standing: Standing, verdict: Verdict][] = [
  ['unwatched', exhausted],
  ['permitted', exhausted],
  ['overdue', exhausted],
  ['short', { kind: 'hold', afterMs: 100 }],
  ['unproven', { kind: 'second-look', afterMs: 1_000 }],
  ['suspect', { kind: 'await-recovery' }],
  ['probe', { kind: 'await-recovery' }],
]

const treatments: [treatment: Treatment, verdict: Verdict][] = [
  ['retry', { kind: 'retry', afterMs: 100 }],
  ['reject', { kind: 'dead-letter', reason: 'rejected' }],
  ['skip', { kind: 'skip' }],
  ['hold', { kind: 'hold', afterMs: 100 }],
]

describe('verdictOn', () => {
  it.each(standings)('%s, at the last attempt', (standing, verdict) => {
    expect(verdictOn(failureFrom('no'), { ...lastOne, standing }, policy, 0)).toEqual(verdict)
  })

  it.each(standings)('%s, before the last attempt', (standing) => {
    const isHeld = standing === 'probe' || standing === 'overdue'
    const expected = isHeld ? { kind: 'await-recovery' } : { kind: 'retry', afterMs: 100 }
    expect(verdictOn(failureFrom('no'), { ...first, standing }, policy, 0)).toEqual(expected)
  })

  it.each(treatments)('%s, by classification', (treatment, verdict) => {
    expect(verdictOn(failureFrom('no'), { ...first, treatment }, policy, 0)).toEqual(verdict)
  })

  it('holds beyond all limits what is classified so, and dead-letters what the handler rejects all the same', () => {
    const history: FailureHistory = { ...first, attempt: 99, ageMs: 1e9, treatment: 'hold' }
    expect(verdictOn(failureFrom('no'), history, policy, 0)).toEqual({ kind: 'hold', afterMs: 100 })
    expect(verdictOn(failureFrom(new Reject('no')), history, policy, 0).kind).toBe('dead-letter')
  })

  it('never gives up for want of attempts or time where nothing permits it, and answers the same to the same', () => {
    const inPlace = policy
    const delayed = { ...policy, afterwards: retryTopics({ delaysMs: [300, 600], order: 'overtake' }) }
    const history = fc.record({
      step: fc.constantFrom('decode' as const, 'look-up' as const, 'handle' as const),
      attempt: fc.integer({ min: 1, max: 10 }),
      ageMs: fc.nat({ max: 2_000 }),
      waitedMs: fc.constantFrom(null, 300),
      treatment: fc.constantFrom(...treatments.map(([treatment]) => treatment)),
      standing: fc.constantFrom(...standings.map(([standing]) => standing)),
    })
    fc.assert(
      fc.property(
        fc.anything(),
        history,
        fc.double({ min: 0, max: 0.99 }),
        fc.boolean(),
        (thrown, given, random, isDelayed) => {
          const policy = isDelayed ? delayed : inPlace
          const verdict = verdictOn(failureFrom(thrown), given, policy, random)
          expect(verdictOn(failureFrom(thrown), given, policy, random)).toEqual(verdict)
          if (verdict.kind !== 'dead-letter' || !needsPermit(verdict.reason)) return
          expect(['unwatched', 'permitted', 'overdue']).toContain(given.standing)
        },
      ),
    )
  })

  it.each(table)('%s', (_, thrown, history, verdict) => {
    expect(verdictOn(failureFrom(thrown), history, policy, 0)).toEqual(verdict)
  })

  it('waits between two attempts at what it holds, also where the policy does not', () => {
    const hasty = { ...patient, backoff: fixed(0) }
    expect(verdictOn(failureFrom('no'), { ...first, attempt: 2 }, hasty, 0)).toEqual({ kind: 'retry', afterMs: 0 })
    expect(verdictOn(failureFrom('no'), { ...first, attempt: 3 }, hasty, 0)).toEqual({ kind: 'hold', afterMs: 100 })
  })

  it('holds what it would have given up, when told to', () => {
    expect(verdictOn(failureFrom('no'), { ...first, attempt: 3 }, patient, 0)).toEqual({ kind: 'hold', afterMs: 100 })
    expect(verdictOn(failureFrom('no'), { ...first, ageMs: 5_000 }, patient, 0)).toEqual({ kind: 'hold', afterMs: 100 })
    expect(verdictOn(failureFrom(new Reject('no')), first, patient, 0).kind).toBe('dead-letter')
  })

  it.each<[string, unknown, Partial<FailureHistory>, Verdict]>([
    ['first in place', 'no', {}, { kind: 'retry', afterMs: 100 }],
    ['then in the first topic', 'no', { attempt: 3 }, { kind: 'retry-topic', delayMs: 200 }],
    ['once in each topic', 'no', { waitedMs: 200 }, { kind: 'retry-topic', delayMs: 400 }],
    ['no more after the last', 'no', { waitedMs: 400 }, { kind: 'dead-letter', reason: 'attempts-exhausted' }],
    ['from a delay of an older list', 'no', { waitedMs: 300 }, { kind: 'retry-topic', delayMs: 400 }],
    ['up to its age', 'no', { attempt: 3, ageMs: 800 }, { kind: 'retry-topic', delayMs: 200 }],
    ['not beyond its age', 'no', { attempt: 3, ageMs: 801 }, { kind: 'dead-letter', reason: 'too-old' }],
    ['in place for a short wait', new RetryLater({ afterMs: 199 }), {}, { kind: 'retry', afterMs: 199 }],
    ['at once for a long wait', new RetryLater({ afterMs: 201 }), {}, { kind: 'retry-topic', delayMs: 400 }],
    ['in the longest for a longer', new RetryLater({ afterMs: 999 }), {}, { kind: 'retry-topic', delayMs: 400 }],
    ['not when rejected', new Reject('no'), {}, { kind: 'dead-letter', reason: 'rejected' }],
  ])('with retry topics tries again: %s', (_, thrown, history, verdict) => {
    const delayed = { ...policy, afterwards: retryTopics({ delaysMs: [200, 400], order: 'overtake' }) }
    expect(verdictOn(failureFrom(thrown), { ...first, ...history }, delayed, 0)).toEqual(verdict)
  })

  it('without retry topics any more tries what is left in one as often as in place', () => {
    const left = { ...first, waitedMs: 200 }
    expect(verdictOn(failureFrom('no'), left, policy, 0)).toEqual({ kind: 'retry', afterMs: 100 })
    expect(verdictOn(failureFrom('no'), { ...left, attempt: 3 }, policy, 0).kind).toBe('dead-letter')
  })

  it('retries no more often than the policy allows, and never starts an attempt past the age limit', () => {
    const natural = fc.nat({ max: 2_000 })
    fc.assert(
      fc.property(fc.anything(), fc.integer({ min: 1, max: 10 }), natural, (thrown, attempt, ageMs) => {
        const verdict = verdictOn(failureFrom(thrown), { ...first, attempt, ageMs }, policy, 0.5)
        if (verdict.kind !== 'retry') return
        expect(attempt).toBeLessThan(policy.attempts)
        expect(ageMs + verdict.afterMs).toBeLessThanOrEqual(policy.maxAgeMs)
      }),
    )
  })
})

it('a dead letter needs a permit when it might be the victim of an outage', () => {
  expect((['attempts-exhausted', 'too-old'] as const).every(needsPermit)).toBe(true)
  expect((['rejected', 'undecodable', 'unknown-schema', 'unknown-type'] as const).some(needsPermit)).toBe(false)
})

it('nothing is looked at twice where nobody watches', () => {
  const history = { ...first, attempt: 3, standing: 'unproven' as const }
  const verdict = { kind: 'dead-letter', reason: 'attempts-exhausted' }
  expect(verdictOn(failureFrom('no'), history, { ...policy, outage: false }, 0)).toEqual(verdict)
})

it('a handler that asks for a wait as long as the shortest delay goes to its retry topic', () => {
  const delayed = { ...policy, afterwards: retryTopics({ delaysMs: [200, 400], order: 'overtake' }) }
  const failure = failureFrom(new RetryLater({ afterMs: 200 }))
  expect(verdictOn(failure, first, delayed, 0)).toEqual({ kind: 'retry-topic', delayMs: 200 })
})
