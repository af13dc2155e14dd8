import { describe, expect, it } from 'vitest'
import type { AssignedPartition } from '../../driver.ts'
import { encodeOffsetMap } from './offset-map.ts'
import { startOf } from './start-position.ts'

function assigned(given: Partial<AssignedPartition>): AssignedPartition {
  const nothing = { topic: 'orders', partition: 0, epoch: 1, committed: null }
  return { ...nothing, logStartOffset: 2n, logEndOffset: 9n, ...given }
}

const map = { boundary: 8n, unsettled: [{ kind: 'run' as const, from: 5n, to: 6n }] }
const { metadata } = encodeOffsetMap(5n, map)

describe('a partition starts', () => {
  it('at its committed offset, with what is settled beyond it', () => {
    expect(startOf(assigned({ committed: { nextOffset: 5n, metadata } }), 'latest')).toEqual({
      position: 5n,
      committedOffset: 5n,
      inherited: map,
      isMetadataForeign: false,
      anomaly: null,
    })
  })

  it('where it is told when nothing is committed', () => {
    expect(startOf(assigned({}), 'earliest').position).toBe(2n)
    expect(startOf(assigned({}), 'latest').position).toBe(9n)
  })

  it('at the start of the log when retention has passed its offset', () => {
    const start = startOf(assigned({ committed: { nextOffset: 1n, metadata: '' } }), 'latest')
    expect(start).toMatchObject({ position: 2n, committedOffset: 1n, anomaly: null })
  })

  it('at the start of a log that is shorter than its offset, and believes nothing of what was settled', () => {
    const start = startOf(
      assigned({ committed: { nextOffset: 5n, metadata }, logStartOffset: 0n, logEndOffset: 3n }),
      'latest',
    )
    expect(start).toMatchObject({ position: 0n, committedOffset: null, inherited: null })
    expect(start.anomaly).toContain('beyond the end of the log')
  })

  it('believes nothing of what was settled beyond the end of the log', () => {
    const start = startOf(assigned({ committed: { nextOffset: 5n, metadata }, logEndOffset: 7n }), 'latest')
    expect(start.inherited?.boundary).toBe(7n)
  })

  it('at its committed offset, with nothing more, when another program wrote the metadata', () => {
    const start = startOf(assigned({ committed: { nextOffset: 5n, metadata: 'bAAAB' } }), 'latest')
    expect(start).toMatchObject({ position: 5n, inherited: null, isMetadataForeign: true })
  })
})
