/** A change that Stryker makes and no test can notice, because nothing observable follows from it. */
export interface Equivalent {
  /** From the repository's root. */
  readonly file: string
  /** The changed lines as they are and as they would be, with single spaces: as `pnpm mutants:automatic` prints them. */
  readonly original: string
  readonly changed: string
  readonly because: string
}

const committer = 'packages/event-bus/src/consuming/committer.ts'
const map = 'packages/event-bus/src/consuming/offset-map.ts'
const lanes = 'packages/event-bus/src/consuming/key-lanes.ts'
const verdict = 'packages/event-bus/src/failing/verdict.ts'
const watch = 'packages/event-bus/src/failing/outage-watch.ts'

export const equivalents: readonly Equivalent[] = [
  {
    file: committer,
    original: 'if (request === undefined || result === undefined) continue',
    changed: 'if (false || result === undefined) continue',
    because: 'there is a request for each partition that is due; the comparison is there for the types',
  },
  {
    file: committer,
    original: 'if (committedOffset !== null && nextOffset < committedOffset) return false',
    changed: 'if (true && nextOffset < committedOffset) return false',
    because: 'no offset is less than null, which counts as 0; the comparison is there for the types',
  },
  {
    file: map,
    original: 'if (writtenBase === undefined || encoded === undefined || more.length > 0) return null',
    changed: 'if (false || encoded === undefined || more.length > 0) return null',
    because: 'where there is no base there is no map behind it',
  },
  {
    file: lanes,
    original: "if (this.order === 'partition') return ''",
    changed: 'if (this.order === \'partition\') return "Stryker was here!"',
    because: 'any name will do that is the same for all records',
  },
  {
    file: lanes,
    original: 'if (member.laneKey === null) return null',
    changed: 'if (false) return null',
    because: 'no lane is called null, and such a record has no follower; the line is there for the types',
  },
  {
    file: verdict,
    original:
      'return waitedMs !== null || attempt >= attempts || (failure.afterMs !== null && failure.afterMs >= shortestMs)',
    changed: 'return waitedMs !== null || attempt >= attempts || (true && failure.afterMs >= shortestMs)',
    because: 'null is not as much as a delay, which is more than 0; the comparison is there for the types',
  },
  {
    file: watch,
    original: 'if (startedAt > this.#provenAt) this.#provenAt = startedAt',
    changed: 'if (startedAt >= this.#provenAt) this.#provenAt = startedAt',
    because: 'it would be set to what it is',
  },
]
