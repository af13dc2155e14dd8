import type { Clock, CommitRequest, CommitResult } from '@tributary/event-bus'
import { within } from '../clock/within.ts'
import type { FaultBoard } from './faults.ts'
import type { GroupCoordinator } from './group-coordinator.ts'
import type { OwnedPartitions } from './owned-partitions.ts'

const MAX_METADATA_BYTES = 4_096
const REQUEST_TIMEOUT_MS = 10_000

export interface MemberCommitsDeps {
  readonly group: string
  readonly clock: Clock
  readonly faults: FaultBoard
  readonly coordinator: GroupCoordinator
  readonly partitions: OwnedPartitions
  /** The coordinator has dropped the member and it does not know yet. */
  readonly isExpired: () => boolean
  readonly onUnknownMember: () => void
}

/** The commits of one member, and what the coordinator answers: in time, late, or with the fault that a test has planned. */
export class MemberCommits {
  readonly #deps: MemberCommitsDeps

  constructor(deps: MemberCommitsDeps) {
    this.#deps = deps
  }

  commit(requests: readonly CommitRequest[]): Promise<readonly CommitResult[]> {
    const { clock, faults, group } = this.#deps
    const gate = faults.commitGate(group, requests)
    const answer = gate ? gate.then(() => this.#answer(requests)) : Promise.resolve(this.#answer(requests))
    const late = requests.map(({ topic, partition }): CommitResult => ({ topic, partition, outcome: 'failed' }))
    return within(clock, REQUEST_TIMEOUT_MS, answer, late)
  }

  #answer(requests: readonly CommitRequest[]): CommitResult[] {
    const { faults, group, coordinator, isExpired, onUnknownMember } = this.#deps
    // The coordinator answers UNKNOWN_MEMBER_ID, and that is how a frozen member learns of it.
    if (isExpired()) queueMicrotask(onUnknownMember)
    return requests.map((request) => {
      const { topic, partition, nextOffset, metadata } = request
      const fault = faults.commitFault(group, request)
      const outcome = this.#isCurrent(request) ? (fault?.outcome ?? metadataOutcome(metadata)) : 'fenced'
      if (outcome === 'committed' || (fault?.isApplied && outcome !== 'fenced')) {
        coordinator.commit({ topic, partition, nextOffset, metadata })
      }
      return { topic, partition, outcome }
    })
  }

  #isCurrent(request: CommitRequest): boolean {
    return !this.#deps.isExpired() && this.#deps.partitions.get(request)?.epoch === request.epoch
  }
}

function metadataOutcome(metadata: string): 'committed' | 'metadata-refused' {
  return Buffer.byteLength(metadata) > MAX_METADATA_BYTES ? 'metadata-refused' : 'committed'
}
