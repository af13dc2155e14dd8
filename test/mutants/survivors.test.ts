import { expect, it } from 'vitest'
import { compare, type MutationReport } from './survivors.ts'

const report: MutationReport = {
  files: {
    'a.ts': {
      source: 'const isLate =\n  now >\n  due\nconst n = 1\n',
      mutants: [
        {
          status: 'Survived',
          replacement: 'now >= due',
          location: { start: { line: 2, column: 3 }, end: { line: 3, column: 6 } },
        },
        {
          status: 'NoCoverage',
          replacement: '2',
          location: { start: { line: 4, column: 11 }, end: { line: 4, column: 12 } },
        },
        {
          status: 'Killed',
          replacement: '3',
          location: { start: { line: 4, column: 11 }, end: { line: 4, column: 12 } },
        },
      ],
    },
  },
}
const late = { file: 'a.ts', original: 'now > due', changed: 'now >= due', because: 'both wait once more' }

it('names what no test noticed, but for what is argued to be equivalent', () => {
  expect(compare(report, [late])).toEqual({
    unargued: [{ file: 'a.ts', line: 4, original: 'const n = 1', changed: 'const n = 2' }],
    argued: [{ file: 'a.ts', line: 2, original: 'now > due', changed: 'now >= due' }],
    stale: [],
  })
})

it('names arguments for what a test notices, in files that were looked at', () => {
  const noticed = { ...late, changed: 'now < due' }
  const elsewhere = { ...late, file: 'b.ts' }
  expect(compare(report, [late, noticed, elsewhere]).stale).toEqual([noticed])
})
