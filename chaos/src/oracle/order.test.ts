import { describe, expect, it } from 'vitest'
import { orderCheck } from './order.ts'
import { epoch, evidence, execution } from './staged-evidence.ts'

const first = epoch('member-1.1', { to: 100, end: 'lost' })
const second = epoch('member-2.1', { from: 100 })
const holds = (executions: ReturnType<typeof execution>[]): boolean => orderCheck(evidence({ executions }), []).holds

describe('the order of executions', () => {
  it('is kept by one run in order', () => {
    expect(orderCheck(evidence(), []).holds).toBe(true)
  })

  it('is kept when a later owner repeats what an earlier one has done', () => {
    expect(
      holds([execution(first, 0, 0), execution(first, 1, 10), execution(second, 0, 110), execution(second, 1, 120)]),
    ).toBe(true)
  })

  it('is broken by an execution that begins before the one before has ended', () => {
    expect(holds([execution(first, 0, 0, { to: 130 }), execution(second, 1, 110)])).toBe(false)
    expect(holds([execution(first, 0, 0, { to: 130 }), execution(second, 0, 110)])).toBe(false)
  })

  it('is broken by a step back within an epoch', () => {
    expect(holds([execution(first, 0, 0), execution(first, 1, 10), execution(first, 0, 20)])).toBe(false)
  })

  it('is broken by a repetition within an epoch that is no later attempt', () => {
    expect(holds([execution(first, 0, 0), execution(first, 0, 10)])).toBe(false)
    expect(holds([execution(first, 0, 0, { end: 'failed' }), execution(first, 0, 10, { attempt: 2 })])).toBe(true)
  })

  it('is broken by a record that begins before an earlier one is done with', () => {
    expect(holds([execution(first, 1, 0), execution(second, 0, 110)])).toBe(false)
    expect(holds([execution(first, 0, 0, { end: 'failed' }), execution(second, 1, 110)])).toBe(false)
  })

  it('takes a record that failed for the last time and lies in the dead-letter topic for done with', () => {
    const executions = [execution(first, 0, 0, { end: 'failed', attempt: 3 }), execution(first, 1, 20)]
    expect(orderCheck(evidence({ executions, deadLetters: [{ partition: 0, offset: 0 }] }), []).holds).toBe(true)
    expect(orderCheck(evidence({ executions }), []).holds).toBe(false)
  })

  it('is broken by an execution below the start of its epoch', () => {
    const late = epoch('member-2.1', { from: 100, position: 2 })
    expect(holds([execution(first, 0, 0), execution(first, 1, 10), execution(late, 1, 110)])).toBe(false)
  })

  it('is broken by an execution of a process that did not own the partition', () => {
    expect(orderCheck(evidence(), ['member-1.1 ran 0/3']).holds).toBe(false)
  })
})

describe('a frozen process', () => {
  const frozen = epoch('member-1.1', { to: 200, end: 'lost', frozenAt: 5 })

  it('that lost its partitions may end, and begin, what the next owner has already begun', () => {
    const stale = [execution(frozen, 0, 0, { to: 190 }), execution(frozen, 1, 190, { end: 'aborted' })]
    const owner = [execution(second, 0, 110), execution(second, 1, 185)]
    expect(holds([...stale, ...owner].sort((a, b) => a.from - b.from))).toBe(true)
  })

  it('that kept its partitions is held to everything', () => {
    const kept = epoch('member-1.1', { to: 200, end: 'revoked', frozenAt: 5 })
    expect(holds([execution(kept, 0, 0, { to: 190 }), execution(second, 0, 110)])).toBe(false)
  })

  it('is held to everything that it did before', () => {
    expect(holds([execution(frozen, 0, 0, { to: 4 }), execution(frozen, 1, 3, { to: 4 })])).toBe(false)
  })

  it('cannot be done with a record for the others', () => {
    expect(holds([execution(frozen, 0, 0, { to: 105 }), execution(second, 1, 110)])).toBe(false)
  })

  it('does not go back by itself', () => {
    expect(holds([execution(frozen, 1, 190), execution(frozen, 0, 195)])).toBe(false)
  })
})
