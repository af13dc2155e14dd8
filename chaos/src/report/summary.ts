import type { Check, Evidence } from '../oracle/evidence.ts'
import type { Measures } from '../oracle/measures.ts'

export function summaryLines(
  title: string,
  evidence: Evidence,
  measures: Measures,
  checks: readonly Check[],
): string[] {
  const count = (outcome: string): number => evidence.publications.filter((each) => each.outcome === outcome).length
  const commits = Object.entries(measures.commits).map(([outcome, times]) => `${times} ${outcome}`)
  return [
    '',
    `── ${title}`,
    row(
      'published',
      `${count('acknowledged')} acknowledged, ${count('not-written')} not written, ${count('unknown')} unknown`,
    ),
    row('on the log', String(evidence.log.length)),
    row('handled', `${measures.handled}, ${measures.duplicates} of them again`),
    row(
      'dead letters',
      `${new Set(evidence.deadLetters.map(({ partition, offset }) => `${partition}/${offset}`)).size}, ${measures.deadLetterDuplicates} of them again`,
    ),
    row('commits', commits.join(', ')),
    row(
      'moves',
      `${measures.moves} partitions given up in order, ${measures.inFlightWhenMoved} executions in flight in them`,
    ),
    row(
      'stale',
      `${measures.stale} executions of frozen processes, ${measures.staleStarts} of them begun after the freeze`,
    ),
    row(
      'longest gap',
      `${seconds(measures.longestGapMs)} anywhere, ${seconds(measures.longestPartitionGapMs)} in one partition`,
    ),
    '',
    `   ${'fault'.padEnd(24)}${'times'.padStart(6)}${'duplicates'.padStart(12)}${'longest gap'.padStart(13)}`,
    ...measures.faults
      .filter(({ times, duplicates }) => times > 0 || duplicates > 0)
      .map(
        ({ kind, times, duplicates, longestGapMs }) =>
          `   ${kind.padEnd(24)}${String(times).padStart(6)}${String(duplicates).padStart(12)}${(times === 0 ? '' : seconds(longestGapMs)).padStart(13)}`,
      ),
    '',
    ...checks.map(({ name, holds, detail }) => `   ${holds ? '✓' : '✗'} ${name} (${detail})`),
    '',
  ]
}

const row = (label: string, text: string): string => `   ${label.padEnd(13)} ${text}`
const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`
