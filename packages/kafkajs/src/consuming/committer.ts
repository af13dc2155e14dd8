import type { CommitRequest, CommitResult } from '@tributary/event-bus'
import { Backoff, pause, timeLimit } from '../wire/backoff.ts'
import { BrokerError, code, isRetriable, publicError } from '../wire/failures.ts'
import type { GroupClient, MemberIdentity } from './group-client.ts'
import { groupError, groupFailure, MembershipLostError } from './group-errors.ts'
import type { Membership } from './membership.ts'
import type { Ownership } from './ownership.ts'

export interface CommitterParts {
  readonly client: GroupClient
  readonly membership: Membership
  readonly ownership: Ownership
  readonly timeoutMs: number
  readonly closing: AbortSignal
}

/**
 * Stores offsets with the coordinator. The generation is that of the moment of sending, and only partitions of the current epoch go along: the
 * broker itself does not check who owns a partition. Commits are sent one after the other, so that one that is tried again cannot overwrite a
 * later one.
 */
export class Committer {
  readonly #parts: CommitterParts
  #previous: Promise<unknown> = Promise.resolve()

  constructor(parts: CommitterParts) {
    this.#parts = parts
  }

  commit(requests: readonly CommitRequest[]): Promise<readonly CommitResult[]> {
    const deadline = performance.now() + this.#parts.timeoutMs
    const committing = this.#previous.then(() => this.#commitUntil(deadline, requests))
    this.#previous = committing
    const limit = timeLimit(this.#parts.timeoutMs)
    const tooLate = limit.reached.then(() =>
      requests.map((request) => failed(request, new Error('the commits before this one took too long'))),
    )
    return Promise.race([committing, tooLate]).finally(limit.cancel)
  }

  /** Never rejects. */
  async #commitUntil(deadline: number, requests: readonly CommitRequest[]): Promise<readonly CommitResult[]> {
    const backoff = new Backoff()
    for (;;) {
      const leftMs = deadline - performance.now()
      if (leftMs <= 0) return requests.map((request) => failed(request, new Error('there was no time left to commit')))
      const attempt = await this.#attempt(requests, leftMs)
      if (attempt.results !== null) return attempt.results
      if (this.#parts.closing.aborted) return requests.map((request) => failed(request, attempt.error))
      await pause(Math.min(backoff.next(), leftMs), this.#parts.closing)
    }
  }

  /** Results, or the reason why it is worth trying again. */
  async #attempt(
    requests: readonly CommitRequest[],
    timeoutMs: number,
  ): Promise<{ results: readonly CommitResult[] } | { results: null; error: Error }> {
    const { client, membership, ownership } = this.#parts
    const current = requests.filter((request) => ownership.find(request)?.epoch === request.epoch)
    if (current.length === 0) return { results: requests.map(fenced) }
    const { identity } = membership
    if (identity === null) {
      const error = new Error('the group is between two generations')
      return {
        results: requests.map((request) => (current.includes(request) ? failed(request, error) : fenced(request))),
      }
    }
    try {
      const answers = await client.commit(identity, current, timeoutMs)
      const codes = new Map(answers.map(({ topic, partition, errorCode }) => [`${partition} ${topic}`, errorCode]))
      const results = requests.map((request) => {
        if (!current.includes(request)) return fenced(request)
        return this.#resultOf(
          request,
          codes.get(`${request.partition} ${request.topic}`) ?? code.requestTimedOut,
          identity,
        )
      })
      const retried = results.find(({ error }) => error !== undefined && isCoordinatorTrouble(error))
      return retried?.error === undefined ? { results } : { results: null, error: retried.error }
    } catch (error) {
      if (isRetriable(error)) return { results: null, error: publicError(error) }
      return {
        results: requests.map((request) =>
          current.includes(request) ? failed(request, groupFailure(error)) : fenced(request),
        ),
      }
    }
  }

  #resultOf(request: CommitRequest, kafkaCode: number, sender: MemberIdentity): CommitResult {
    const { topic, partition } = request
    const { group } = this.#parts.client
    if (kafkaCode === code.none) return { topic, partition, outcome: 'committed' }
    const error = groupError(kafkaCode, group, `committing ${topic}/${partition}`)
    if (kafkaCode === code.offsetMetadataTooLarge) return { topic, partition, outcome: 'metadata-refused', error }
    if (error instanceof MembershipLostError) {
      // The generation may just have moved on while the request was on its way: the partition may well still be ours. And only heartbeats say which
      // instance they are of: to a commit "unknown member" may mean that another process has replaced this one, and joining anew would throw that one out
      // in turn. The next heartbeat tells.
      const { membership } = this.#parts
      const isLost = error.keepsMemberId
        ? membership.isSettled && membership.identity?.generation === sender.generation
        : !membership.isStatic
      if (isLost) membership.reportLost(error, sender)
      return isLost ? { topic, partition, outcome: 'fenced', error } : failed(request, error)
    }
    return failed(request, error)
  }
}

function isCoordinatorTrouble(error: Error): boolean {
  return error instanceof BrokerError && error.kafkaCode !== code.rebalanceInProgress && isRetriable(error)
}

function fenced({ topic, partition }: CommitRequest): CommitResult {
  return { topic, partition, outcome: 'fenced' }
}

function failed({ topic, partition }: CommitRequest, error: Error): CommitResult {
  return { topic, partition, outcome: 'failed', error }
}
