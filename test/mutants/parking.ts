import type { Mutant } from './mutant.ts'

const consuming = 'packages/event-bus/src/consuming'

/** Faults in how followers of a waiting key are kept, read again and remembered in the commit. */
export const parkingMutants: readonly Mutant[] = [
  {
    name: 'a newcomer overtakes the parked followers of its key',
    file: `${consuming}/partition.ts`,
    original: 'if (isSettled || this.parking.takes(ticket, laneKey)) {',
    planted: 'if (isSettled) {',
  },
  {
    name: 'a partition whose arrivals all wait behind a slow key stays paused',
    file: `${consuming}/group-engine.ts`,
    original: 'onMoved: () => this.#moved(run),',
    planted: 'onMoved: () => this.committer.note(),',
  },
  {
    name: 'followers that are parked again go behind those who never came back',
    file: `${consuming}/lanes/parked-lanes.ts`,
    original: 'lane.tickets.prepend(tickets)',
    planted: 'for (const ticket of tickets) lane.tickets.push(ticket)',
  },
  {
    name: 'a chunk expires followers below the place that was asked for',
    file: `${consuming}/lanes/parking.ts`,
    original: 'if (recordOffset >= chunk.fetchedFrom) turns.add(laneKey)',
    planted: 'turns.add(laneKey)',
  },
  {
    name: 'a lively lane is parked',
    file: `${consuming}/lanes/parking.ts`,
    original: 'if (nowMs - sinceMs < slowAfterMs) continue',
    planted: 'void 0',
  },
  {
    name: 'followers are read again after their partition was given up',
    file: `${consuming}/lanes/parking.ts`,
    original: '    this.#reader.stop()',
    planted: '    void 0',
  },
  {
    name: 'the memory of parked followers is never given back',
    file: `${consuming}/lanes/parking.ts`,
    original: '      intake.release(1, bytes, isReadAgain)\n',
    planted: '      void [bytes, isReadAgain]\n',
  },
  {
    name: 'a commit passes over what the ring has left behind',
    file: `${consuming}/offsets/offset-tracker.ts`,
    original: 'if (this.#stragglers.size > 0) return this.#stragglers.first?.offset ?? 0n',
    planted: 'void 0',
  },
  {
    name: 'the commit calls a parked follower settled',
    file: `${consuming}/offsets/waiting-map.ts`,
    original: '    lanes.set(laneKey, { from, count: LANE_ENTRY_FROM })',
    planted: '    void from',
  },
  {
    name: 'a lane in the commit begins behind its first unsettled record',
    file: `${consuming}/offsets/waiting-map.ts`,
    original: 'inMemory === undefined || firstOffset < inMemory.from ? firstOffset : inMemory.from',
    planted: 'firstOffset',
  },
  {
    name: 'what an earlier owner left unsettled is not carried on',
    file: `${consuming}/offsets/waiting-map.ts`,
    original: 'return { boundary, unsettled: [...unsettled, ...carriedOn] }',
    planted: 'void carriedOn\n  return { boundary, unsettled }',
  },
  {
    name: 'a commit map that is cut keeps its boundary',
    file: `${consuming}/offsets/offset-map.ts`,
    original: 'joined(prefix, entry.from - base, bytes), fill: 1',
    planted: 'joined(prefix, boundary - base, bytes), fill: 1',
  },
  {
    name: 'records that were collected for a batch make room for ever more of their key',
    file: `${consuming}/lanes/parking.ts`,
    original: 'return this.#run.assembly?.holds(laneKey) === true',
    planted: 'return false',
  },
  {
    name: 'a follower that finds no room to be read again counts as gone from the log',
    file: `${consuming}/lanes/parking.ts`,
    original: 'if (!isFull.has(laneKey)) this.#expireBefore',
    planted: 'this.#expireBefore',
  },
]
