/** A change that Stryker makes and no test can notice, because nothing observable follows from it. */
export interface Equivalent {
  /** From the repository's root. */
  readonly file: string
  /** The changed lines as they are and as they would be, with single spaces: as `pnpm mutants:automatic` prints them. */
  readonly original: string
  readonly changed: string
  readonly because: string
}

const committer = 'packages/event-bus/src/consuming/offsets/committer.ts'
const map = 'packages/event-bus/src/consuming/offsets/offset-map.ts'
const tracker = 'packages/event-bus/src/consuming/offsets/offset-tracker.ts'
const lanes = 'packages/event-bus/src/consuming/lanes/key-lanes.ts'
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
    file: tracker,
    original: 'readonly #laneKeys: (string | null)[] = []',
    changed: 'readonly #laneKeys: (string | null)[] = ["Stryker was here"]',
    because: 'a place is written before it is read',
  },
  {
    file: tracker,
    original: 'if (this.#stragglers.size > 0) return this.#stragglers.first?.offset ?? 0n',
    changed: 'if (this.#stragglers.size > 0) return this.#stragglers.first.offset ?? 0n',
    because: 'where there are any there is a first; the question mark is there for the types',
  },
  {
    file: tracker,
    original: 'if (this.#settledEnd <= this.#lowest) return this.nextOffset',
    changed: 'if (false) return this.nextOffset',
    because:
      'everything below the lowest unsettled record is settled, so this is true where both are the same: then what follows answers the same offset',
  },
  {
    file: tracker,
    original: 'if (this.#settledEnd <= this.#lowest) return this.nextOffset',
    changed: 'if (this.#settledEnd < this.#lowest) return this.nextOffset',
    because: 'as before: where both are the same what follows answers the same offset',
  },
  {
    file: tracker,
    original: 'if (this.#stragglers.size > 0) return this.#stragglers.first?.receivedAt ?? null',
    changed: 'if (this.#stragglers.size > 0) return this.#stragglers.first.receivedAt ?? null',
    because: 'where there are any there is a first; the question mark is there for the types',
  },
  {
    file: tracker,
    original: 'if (ticket - this.#head > this.#mask) this.#makeRoom()',
    changed: 'if (ticket - this.#head >= this.#mask) this.#makeRoom()',
    because: 'room is made one record earlier',
  },
  {
    file: tracker,
    original: 'if (this.#mask + 1 < MAX_CAPACITY) {',
    changed: 'if (this.#mask + 1 <= MAX_CAPACITY) {',
    because: 'the ring grows once more, to twice the memory that it may take',
  },
  {
    file: tracker,
    original: 'if (this.#mask + 1 < MAX_CAPACITY) {',
    changed: 'if (this.#mask - 1 < MAX_CAPACITY) {',
    because: 'the ring grows once more, to twice the memory that it may take',
  },
  {
    file: tracker,
    original: 'this.#passSettled()',
    changed: ';',
    because:
      'the record at the head was unsettled, so it is a straggler now, and whoever settles that passes what is settled behind it',
  },
  {
    file: tracker,
    original: 'const laneKeys = this.#laneKeys.slice()',
    changed: 'const laneKeys = this.#laneKeys',
    because: 'each record goes to its own place or to a new one, never to one that is still to be read',
  },
  {
    file: tracker,
    original: 'for (let ticket = this.#head; ticket < this.#tail; ticket += 1) {',
    changed: 'for (let ticket = this.#head; ticket <= this.#tail; ticket += 1) {',
    because: 'the place of the next record is written before it is read',
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
