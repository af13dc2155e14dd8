import type { Equivalent } from './equivalent.ts'

interface Place {
  /** Both count from 1. */
  readonly line: number
  readonly column: number
}

/** What we read of Stryker's report (the schema of mutation-testing-elements). */
export interface MutationReport {
  readonly files: Readonly<
    Record<
      string,
      {
        readonly source: string
        readonly mutants: readonly {
          readonly status: string
          readonly replacement?: string
          readonly location: { readonly start: Place; readonly end: Place }
        }[]
      }
    >
  >
}

export interface Survivor {
  readonly file: string
  readonly line: number
  readonly original: string
  readonly changed: string
}

/** The changes that no test noticed, or none even ran over. */
function survivorsOf({ files }: MutationReport): Survivor[] {
  return Object.entries(files).flatMap(([file, { source, mutants }]) => {
    const lines = source.split('\n')
    return mutants
      .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
      .map(({ location: { start, end }, replacement = '' }) => {
        const before = lines[start.line - 1]?.slice(0, start.column - 1) ?? ''
        const after = lines[end.line - 1]?.slice(end.column - 1) ?? ''
        const original = lines.slice(start.line - 1, end.line).join('\n')
        return { file, line: start.line, original: flat(original), changed: flat(before + replacement + after) }
      })
  })
}

/** Survivors that are not argued to be equivalent, and arguments for what does not survive (any more). */
export function compare(
  report: MutationReport,
  equivalents: readonly Equivalent[],
): { unargued: Survivor[]; argued: Survivor[]; stale: Equivalent[] } {
  const survivors = survivorsOf(report)
  const isArgued = (survivor: Survivor): boolean => equivalents.some((equivalent) => isSame(equivalent, survivor))
  return {
    unargued: survivors.filter((survivor) => !isArgued(survivor)),
    argued: survivors.filter(isArgued),
    stale: equivalents.filter(
      (equivalent) =>
        Object.hasOwn(report.files, equivalent.file) && !survivors.some((survivor) => isSame(equivalent, survivor)),
    ),
  }
}

function isSame(a: Omit<Equivalent, 'because'>, b: Omit<Survivor, 'line'>): boolean {
  return a.file === b.file && a.original === b.original && a.changed === b.changed
}

function flat(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim()
}
