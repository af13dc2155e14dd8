import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type ClassificationRule, classificationFaults, classify } from './classification.ts'
import { failureFrom } from './failure.ts'

class MailRefused extends Error {
  override readonly name = 'MailRefused'
}

const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' })
const rules: readonly ClassificationRule[] = [
  { match: 'ECONNREFUSED', as: 'hold' },
  { match: MailRefused, as: 'reject' },
  { match: (error) => error === 'gone', as: 'skip' },
  { match: 'MailRefused', as: 'hold' },
]

function treatmentOf(thrown: unknown, table = rules): string {
  return classify(thrown, failureFrom(thrown), table, () => {})
}

describe('classify', () => {
  it.each([
    ['a code', refused, 'hold'],
    ['the code of a cause', new TypeError('fetch failed', { cause: refused }), 'hold'],
    ['the code of a cause’s cause', new Error('no', { cause: new Error('no', { cause: refused }) }), 'hold'],
    ['a class, which comes before the name', new MailRefused('550'), 'reject'],
    ['a derived class', new (class extends MailRefused {})('550'), 'reject'],
    ['a name, of another copy of the class', Object.assign(new Error('550'), { name: 'MailRefused' }), 'hold'],
    ['a predicate', 'gone', 'skip'],
    ['nothing', new Error('no'), 'retry'],
  ])('goes by %s', (_, thrown, treatment) => {
    expect(treatmentOf(thrown)).toBe(treatment)
  })

  it('takes `Error` for the class that it is', () => {
    expect(treatmentOf(new TypeError('no'), [{ match: Error, as: 'reject' }])).toBe('reject')
    expect(treatmentOf('no', [{ match: Error, as: 'reject' }])).toBe('retry')
  })

  it('passes over a predicate that throws, tells it, and asks the next rule', () => {
    const told: unknown[] = []
    const fault = new Error('of the predicate')
    const table: ClassificationRule[] = [
      {
        match: () => {
          throw fault
        },
        as: 'reject',
      },
      { match: () => true, as: 'skip' },
    ]
    expect(classify('no', failureFrom('no'), table, (error) => told.push(error))).toBe('skip')
    expect(told).toEqual([fault])
  })

  it('takes no promise for an answer', () => {
    const answersLate: (thrown: unknown) => unknown = () => Promise.resolve(false)
    expect(treatmentOf('no', [{ match: answersLate as (thrown: unknown) => boolean, as: 'reject' }])).toBe('retry')
  })

  it('survives whatever is thrown', () => {
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        expect(['retry', 'skip']).toContain(treatmentOf(thrown, rules.slice(1, 3)))
      }),
    )
    const circle = new Error('no')
    circle.cause = circle
    expect(treatmentOf(circle)).toBe('retry')
  })
})

it('names the lines of a table that cannot work', () => {
  const table = [{ match: '', as: 'retry' }, { match: 5, as: 'skip' }, { match: 'E', as: 'explode' }, ...rules]
  expect(classificationFaults(table as ClassificationRule[])).toEqual([
    'onFailure.classify[0].match must be a code or name, an error class, or a function',
    'onFailure.classify[1].match must be a code or name, an error class, or a function',
    'onFailure.classify[2].as must be one of retry, reject, skip, hold, got explode',
  ])
})
