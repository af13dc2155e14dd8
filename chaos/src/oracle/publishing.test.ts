import { describe, expect, it } from 'vitest'
import type { Evidence } from './evidence.ts'
import { publishingChecks } from './publishing.ts'
import { evidence, log, stream } from './staged-evidence.ts'

const failing = (given: Partial<Evidence>): string[] =>
  publishingChecks(evidence(given)).flatMap(({ name, holds }) => (holds ? [] : [name]))

const once = 'every acknowledged event is on the log exactly once, where it was said to be'
const acknowledged = log.map((record) => ({ ...record, outcome: 'acknowledged' as const }))

describe('publishing', () => {
  it('is in order when the log is what was acknowledged', () => {
    expect(failing({})).toEqual([])
  })

  it('is not, when an acknowledged event is missing', () => {
    expect(failing({ log: log.slice(0, 3) })).toEqual([once])
  })

  it('is not, when an acknowledged event is there twice', () => {
    expect(failing({ log: [...log, { partition: 0, offset: 4, id: `${stream}/3` }] })).toContain(once)
  })

  it('is not, when an acknowledged event lies somewhere else', () => {
    const [head, ...rest] = acknowledged
    expect(head).toBeDefined()
    expect(
      failing({
        publications: [
          { ...acknowledged[0], id: `${stream}/0`, outcome: 'acknowledged', partition: 0, offset: 7 },
          ...rest,
        ],
      }),
    ).toEqual([once])
  })

  it('may have written what is unknown, once, and never what is not written', () => {
    const last = `${stream}/3`
    const told = (outcome: 'unknown' | 'not-written'): Partial<Evidence> => ({
      publications: [...acknowledged.slice(0, 3), { id: last, outcome, code: 'X' }],
    })
    expect(failing(told('unknown'))).toEqual([])
    expect(failing({ ...told('unknown'), log: log.slice(0, 3) })).toEqual([])
    const rule = 'no event rejected as not written is on the log, and no unknown one twice'
    expect(failing(told('not-written'))).toEqual([rule])
    expect(failing({ ...told('unknown'), log: [...log, { partition: 0, offset: 4, id: last }] })).toContain(rule)
  })

  it('is not, when an event has no outcome, or nobody has sent it', () => {
    const rule = 'every event sent has an outcome, and the log holds no other'
    expect(failing({ sent: 5 })).toEqual([rule])
    expect(failing({ sent: 3, publications: acknowledged.slice(0, 3) })).toEqual([rule])
  })

  it('is not, when a stream is on the log in another order', () => {
    const turned = log.map((record, index) => ({ ...record, offset: 3 - index }))
    const publications = turned.map((record) => ({ ...record, outcome: 'acknowledged' as const }))
    expect(failing({ log: turned, publications })).toEqual([
      'the log holds what was acknowledged of each stream in the order of its publishes',
    ])
  })

  it('leaves the order of what is unknown open: it may be appended long after it was given up', () => {
    const ordered = log.slice(1).map((record, index) => ({ ...record, offset: index }))
    const publications = [
      { id: `${stream}/0`, outcome: 'unknown' as const, code: 'PUBLISH_TIMEOUT' },
      ...ordered.map((record) => ({ ...record, outcome: 'acknowledged' as const })),
    ]
    expect(failing({ log: [...ordered, { partition: 0, offset: 3, id: `${stream}/0` }], publications })).toEqual([])
  })
})
