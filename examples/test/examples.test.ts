import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { exampleNames, expectationOf, outputFaults, recordPath, runExample } from '../src/expectation.ts'

describe.each(exampleNames())('example %s', (name) => {
  const expectation = expectationOf(name)

  it('does what it says', { timeout: expectation.timeoutMs + 5_000 }, async () => {
    const { exitCode, output, errors } = await runExample(name, expectation)
    expect({ exitCode, faults: outputFaults(output, expectation.output), errors }).toEqual({
      exitCode: expectation.exitCode,
      faults: [],
      errors: '',
    })
  })

  it('is shown with output that it still prints', () => {
    expect(outputFaults(readFileSync(recordPath(name), 'utf8'), expectation.output)).toEqual([])
  })
})

describe('expected output', () => {
  const stories = [['a1', 'a\\d'], ['b']]

  it('may interleave stories, and keeps the order of each', () => {
    expect(outputFaults('a1\nb\na2\n', stories)).toEqual([])
    expect(outputFaults('a2\na1\nb\n', stories)).toEqual(['unexpected: a2', 'missing: a\\d'])
  })

  it('accounts for every line', () => {
    expect(outputFaults('a1\na2\nb\nb\n', stories)).toEqual(['unexpected: b'])
    expect(outputFaults('', [['a']])).toEqual(['missing: a'])
  })
})
