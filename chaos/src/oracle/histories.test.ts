import { describe, expect, it } from 'vitest'
import type { MemberLine } from '../journal/lines.ts'
import { historyOf } from './histories.ts'

const life = { name: 'member-1.1', journalFile: '', endingAt: null, endedAt: 100, freezes: [{ from: 40, to: 60 }] }
const at = (moment: number) => ({ at: moment, wall: 0 })
const start = (moment: number, execution: number, offset: number): MemberLine => ({
  ...at(moment),
  what: 'start',
  execution,
  partition: 0,
  offset,
  id: `s/${offset}`,
  attempt: 1,
})

describe('the history of a process', () => {
  it('ends with the process what was open then', () => {
    const { executions, epochs } = historyOf(life, [
      { ...at(0), what: 'assigned', partition: 0, position: 7 },
      start(10, 1, 7),
      { ...at(20), what: 'end', execution: 1, outcome: 'success' },
      start(21, 2, 8),
    ])
    expect(executions.map(({ from, to, end }) => [from, to, end])).toEqual([
      [10, 20, 'success'],
      [21, 100, 'cut'],
    ])
    expect(epochs).toMatchObject([{ position: 7, from: 0, to: 100, end: 'process', frozenAt: 40 }])
  })

  it('tells epochs of one partition apart, and which of them was frozen', () => {
    const { epochs, executions } = historyOf(life, [
      { ...at(0), what: 'assigned', partition: 0, position: 0 },
      start(10, 1, 0),
      { ...at(61), what: 'lost', partition: 0 },
      { ...at(62), what: 'end', execution: 1, outcome: 'aborted' },
      { ...at(70), what: 'assigned', partition: 0, position: 1 },
      start(75, 2, 1),
      { ...at(80), what: 'revoking', partition: 0 },
      { ...at(85), what: 'revoked', partition: 0 },
    ])
    expect(epochs).toMatchObject([
      { to: 61, end: 'lost', frozenAt: 40, revokingAt: null },
      { to: 85, end: 'revoked', frozenAt: null, revokingAt: 80 },
    ])
    expect(executions.map(({ epoch }) => epoch)).toEqual(epochs)
  })

  it('excuses by a freeze only what was lost in it, or right after', () => {
    const lostAt = (moment: number) =>
      historyOf({ ...life, endedAt: 10_000 }, [
        { ...at(0), what: 'assigned', partition: 0, position: 0 },
        { ...at(moment), what: 'lost', partition: 0 },
      ]).epochs[0]?.frozenAt
    expect([lostAt(39), lostAt(50), lostAt(2_059), lostAt(2_061)]).toEqual([null, 40, 40, null])
  })

  it('names executions in a partition that the process does not own', () => {
    const lines: MemberLine[] = [
      { ...at(0), what: 'assigned', partition: 0, position: 0 },
      { ...at(5), what: 'lost', partition: 0 },
      start(6, 1, 3),
    ]
    expect(historyOf(life, lines).ownerless).toEqual(['member-1.1 ran 0/3'])
  })
})
