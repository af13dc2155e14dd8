import { describe, expect, it } from 'vitest'
import type { Evidence } from './evidence.ts'
import { lossChecks } from './loss.ts'
import { commit, epoch, evidence, execution } from './staged-evidence.ts'

const failing = (given: Partial<Evidence>): string[] =>
  lossChecks(evidence(given)).flatMap(({ name, holds }) => (holds ? [] : [name]))

const owner = epoch('member-1.1')
const handled = [0, 1, 2, 3].map((offset) => execution(owner, offset, 10 * offset))

describe('loss', () => {
  it('is none when everything was handled before it was committed', () => {
    expect(failing({})).toEqual([])
  })

  it('is a record that nobody handled', () => {
    expect(failing({ executions: handled.slice(0, 3), commits: [] })).toEqual([
      'every record on the log was handled or dead-lettered',
    ])
  })

  it.each(['aborted', 'cut', 'failed'] as const)('is a record whose only execution was %s', (end) => {
    const executions = [...handled.slice(0, 3), execution(owner, 3, 30, { end })]
    expect(failing({ executions, commits: [] })).toContain('every record on the log was handled or dead-lettered')
  })

  it('is a commit that ran ahead, though the record was handled later', () => {
    expect(failing({ commits: [commit(2, 25), commit(4, 35)] })).toEqual([
      'no commit ran ahead of what was settled, and none went back',
    ])
    expect(failing({ commits: [commit(2, 25), commit(4, 41)] })).toEqual([])
  })

  it('counts no commit that was refused', () => {
    expect(failing({ commits: [{ ...commit(4, 1), outcome: 'fenced' }] })).toEqual([])
  })

  it('is a position below what had been committed', () => {
    const epochs = [owner, epoch('member-2.1', { from: 60, position: 3 })]
    expect(failing({ epochs })).toEqual(['no commit ran ahead of what was settled, and none went back'])
  })

  it('is no position that a frozen process began at late, and lost when it thawed', () => {
    const late = epoch('member-2.1', { from: 60, to: 64, position: 3, end: 'lost', frozenAt: 20 })
    expect(failing({ epochs: [owner, late] })).toEqual([])
    expect(failing({ epochs: [owner, { ...late, end: 'revoked' }] })).toHaveLength(1)
  })

  it('is a dead letter that had no reason to be one', () => {
    expect(failing({ deadLetters: [{ partition: 0, offset: 2 }] })).toEqual([
      'the dead-letter topic holds what always fails, and nothing else',
    ])
  })

  it('is a group that does not come to the end of the log', () => {
    expect(failing({ uncommitted: 1n })).toEqual(['the group committed the whole log in the end'])
  })
})
