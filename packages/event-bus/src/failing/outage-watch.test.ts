import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { failureFrom } from './failure.ts'
import { resolveOutagePolicy } from './outage-policy.ts'
import { OutageWatch, type Standing, Trial } from './outage-watch.ts'

const policy = resolveOutagePolicy({ maxPermits: 3, maxHoldMs: 1_000 })
if (policy === false) throw new Error('a policy was asked for')

const refused = failureFrom(new Error('connect ECONNREFUSED'))
const broken = failureFrom(new TypeError('x is not a function'))

const watching = (): OutageWatch => new OutageWatch(policy)

/** As many successes as give all permits, before anything else. */
function healthy(): OutageWatch {
  const watch = watching()
  for (let n = 0; n < 5; n += 1) watch.succeeded(watch.moment, 0)
  return watch
}

const fail = (watch: OutageWatch, trial: Trial, nowMs = 0): Standing =>
  watch.failed(trial, refused, nowMs, watch.evidenceAt)
const succeed = (watch: OutageWatch, startedAt = watch.moment): boolean => watch.succeeded(startedAt, 0)

describe('a record that has failed', () => {
  it('is permitted to be given up when another was handled since its failure before', () => {
    const watch = healthy()
    const trial = new Trial()
    fail(watch, trial)
    succeed(watch)
    expect(fail(watch, trial)).toBe('permitted')
  })

  it('is not, when the success began before that failure', () => {
    const watch = healthy()
    const trial = new Trial()
    const inFlight = watch.moment
    fail(watch, trial)
    succeed(watch, inFlight)
    expect(fail(watch, trial)).toBe('unproven')
  })

  it('is not, when the attempt had started before: it may have hung in an outage that is over now', () => {
    const watch = healthy()
    const trial = new Trial()
    fail(watch, trial)
    const { evidenceAt } = watch
    for (let n = 0; n < 3; n += 1) succeed(watch)
    expect(watch.failed(trial, refused, 0, evidenceAt)).toBe('unproven')
  })

  it('is not at the edge of an outage, where another was handled after its first failure and not after its last but one', () => {
    const watch = healthy()
    const trial = new Trial()
    fail(watch, trial)
    succeed(watch)
    fail(watch, trial)
    expect(fail(watch, trial)).toBe('unproven')
  })

  it('is when several others were handled since, and nothing else has failed', () => {
    const watch = healthy()
    const trial = new Trial()
    fail(watch, trial)
    for (let n = 0; n < 3; n += 1) succeed(watch)
    fail(watch, trial)
    expect(fail(watch, trial)).toBe('permitted')
  })

  it('is not when another has failed for the first time after that', () => {
    const watch = healthy()
    const trial = new Trial()
    fail(watch, trial)
    for (let n = 0; n < 3; n += 1) succeed(watch)
    fail(watch, trial)
    fail(watch, new Trial())
    expect(fail(watch, trial)).toBe('unproven')
  })

  it('is looked at twice before it is a sign of an outage', () => {
    const watch = healthy()
    const trial = new Trial()
    expect(fail(watch, trial)).toBe('unproven')
    trial.isDoubted = true
    expect(fail(watch, trial)).toBe('suspect')
  })

  it('waits for a permit when more is given up than handled', () => {
    const watch = watching()
    const trial = new Trial()
    fail(watch, trial)
    succeed(watch)
    watch.takePermit()
    expect(fail(watch, trial)).toBe('short')
  })

  it('is permitted when a success that began after its failure ends before one that began earlier', () => {
    const watch = healthy()
    const trial = new Trial()
    const inFlight = watch.moment
    fail(watch, trial)
    succeed(watch)
    succeed(watch, inFlight)
    expect(fail(watch, trial)).toBe('permitted')
  })

  it('is not, however many others succeed that began before its first failure', () => {
    const watch = healthy()
    const trial = new Trial()
    const inFlight = watch.moment
    fail(watch, trial)
    for (let n = 0; n < 5; n += 1) succeed(watch, inFlight)
    expect(fail(watch, trial)).toBe('unproven')
  })

  it('is not after an outage, when it failed in it after the success that ended it had begun', () => {
    const watch = watching()
    fail(watch, new Trial())
    watch.open(0)
    const probeStartedAt = watch.moment
    const trial = new Trial()
    fail(watch, trial)
    trial.doubtedAt = trial.failedAt
    expect(succeed(watch, probeStartedAt)).toBe(true)
    expect(fail(watch, trial)).toBe('unproven')
  })

  it('is permitted after an outage, when it was doubted before and used up all attempts again', () => {
    const watch = healthy()
    const trial = new Trial()
    fail(watch, trial)
    watch.open(0)
    trial.doubtedAt = trial.failedAt
    succeed(watch)
    fail(watch, trial)
    expect(fail(watch, trial)).toBe('permitted')
  })
})

describe('an outage', () => {
  it('ends with a success that began in it, and takes what was permitted before', () => {
    const watch = healthy()
    const inFlight = watch.moment
    fail(watch, new Trial())
    expect(watch.open(7)).toBe(true)
    expect(watch.open(8)).toBe(false)
    expect(watch).toMatchObject({ permits: 0, openedAtMs: 7, openings: 1 })
    expect(succeed(watch, inFlight)).toBe(false)
    expect(watch).toMatchObject({ permits: 0, state: 'open' })
    expect(succeed(watch)).toBe(true)
    expect(watch).toMatchObject({ permits: 1, state: 'recovering' })
  })

  it('that is over lets what began before it earn permits again', () => {
    const watch = watching()
    const inFlight = watch.moment
    fail(watch, new Trial())
    watch.open(0)
    succeed(watch)
    succeed(watch, inFlight)
    expect(watch).toMatchObject({ permits: 2, state: 'recovering' })
    watch.close()
    expect(watch.state).toBe('closed')
  })

  it('holds a probe that was never held before as long as any other', () => {
    const watch = watching()
    const trial = new Trial()
    trial.isProbe = true
    expect(fail(watch, trial, 5_000)).toBe('probe')
  })

  it('makes a probe of what fails in it, until the record has been held for too long', () => {
    const watch = watching()
    const trial = new Trial()
    trial.isProbe = true
    trial.heldSinceMs = 500
    expect(fail(watch, trial, 1_499)).toBe('probe')
    expect(fail(watch, trial, 1_500)).toBe('overdue')
  })

  it('is the handler’s fault while all failures since the last success are one kind of programming error', () => {
    const watch = watching()
    watch.failed(new Trial(), broken, 0, watch.evidenceAt)
    watch.failed(new Trial(), broken, 0, watch.evidenceAt)
    expect(watch.reason).toBe('broken-handler')
    watch.failed(new Trial(), failureFrom(new RangeError('no')), 0, watch.evidenceAt)
    expect(watch.reason).toBe('outage')
    watch.failed(new Trial(), broken, 0, watch.evidenceAt)
    expect(watch.reason).toBe('outage')
    succeed(watch)
    watch.failed(new Trial(), broken, 0, watch.evidenceAt)
    expect(watch.reason).toBe('broken-handler')
    watch.failed(
      new Trial(),
      failureFrom(new TypeError('fetch failed', { cause: new Error('refused') })),
      0,
      watch.evidenceAt,
    )
    expect(watch.reason).toBe('outage')
  })
})

it('without an outage counts successes as permits, between none and the most', () => {
  const watch = watching()
  expect(watch).toMatchObject({ state: 'closed', succeededAtMs: null })
  watch.takePermit()
  expect(watch.permits).toBe(0)
  for (let n = 1; n <= 5; n += 1) expect(watch.succeeded(watch.moment, n)).toBe(false)
  expect(watch).toMatchObject({ state: 'closed', permits: 3, succeededAtMs: 5 })
})

/** Attempts at a few records that start, and end well or not, in any order. */
const happening = fc.record({ record: fc.nat({ max: 5 }), kind: fc.constantFrom('start', 'succeed', 'fail') })

it('permits nothing without a success that began after the record had failed, and no more than there were successes', () => {
  fc.assert(
    fc.property(fc.array(happening, { maxLength: 60 }), fc.nat({ max: 60 }), (happenings, outageFrom) => {
      const watch = watching()
      const records = Array.from({ length: 6 }, () => ({
        trial: new Trial(),
        startedAt: -1,
        startedStep: -1,
        failedSteps: [] as number[],
      }))
      /** Steps at which the attempts began that were successful. */
      const proofs: number[] = []
      let given = 0
      for (const [step, { record, kind }] of happenings.entries()) {
        const one = records[record]
        if (one === undefined) continue
        if (kind === 'start' || one.startedStep < 0) {
          one.startedAt = watch.moment
          one.startedStep = step
        } else if (kind === 'succeed' && step < outageFrom) {
          succeed(watch, one.startedAt)
          proofs.push(one.startedStep)
          one.startedStep = -1
        } else {
          const standing = fail(watch, one.trial)
          if (standing === 'permitted') {
            const [firstFailure = Number.POSITIVE_INFINITY] = one.failedSteps
            expect(proofs.some((startedStep) => startedStep > firstFailure)).toBe(true)
            expect(firstFailure).toBeLessThan(outageFrom)
            watch.takePermit()
            given += 1
          }
          if (standing === 'suspect') watch.open(step)
          one.trial.isDoubted = standing === 'unproven'
          one.failedSteps.push(step)
          one.startedStep = -1
        }
        expect(watch.permits).toBeLessThanOrEqual(policy.maxPermits)
        expect(given).toBeLessThanOrEqual(proofs.length)
      }
    }),
    { numRuns: 500 },
  )
})
