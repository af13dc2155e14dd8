import type { PublishOutcome } from '@tributary/event-bus'
import type { Cluster } from '../wire/cluster.ts'
import type { CompressionName } from '../wire/codecs/codecs.ts'
import { BrokerError, isRetriable, LinkError } from '../wire/failures.ts'
import type { Link } from '../wire/link.ts'
import { type ProducedPartition, produce } from '../wire/produce.ts'
import { encodeBatch } from '../wire/record-encoder.ts'
import { type Channel, Groundwork } from './groundwork.ts'
import type { Batch, Lane, SealedBatch } from './lane.ts'
import { lateness, leavesOpen, refusal, verdictOf } from './outcome.ts'

const REQUESTS_IN_FLIGHT_PER_BROKER = 5
const MAX_REQUEST_BYTES = 8 * 1024 * 1024
/** The broker gives up before we do, so that its answer and not our silence ends an attempt. */
const BROKER_SHARE_OF_TIMEOUT = 0.8

/** One batch of one lane inside a request. */
interface Passenger {
  readonly lane: Lane
  readonly batch: Batch
  readonly sealed: SealedBatch
}

/**
 * Moves batches from lanes to leaders. Whatever can go at the end of a tick goes in one request to each leader, at most one batch of a partition,
 * so that requests in flight to one broker never touch the same partition.
 *
 * The idempotent sequence is kept per lane, under an identity (producer id) that the lane took when it began. Why a lane may give its identity up
 * alone, without a word to the others, while they have batches in flight under it:
 *
 *   partition 0: A is sent as (id 7, sequence 5), the answer is lost, A's time runs out: "unknown". If B followed as sequence 5 and A had been
 *   written, the broker would take B for a repetition of A, answer "ok" and drop it. If B followed as sequence 6 and A had not been written, B would
 *   be refused for ever. So this lane may never use id 7 again: B goes as (id 8, sequence 0), which is right in both cases.
 *   partition 1: C is in flight as (id 7, sequence 9). The broker keeps sequences per partition, and nothing about A is in doubt here: C, and its
 *   repetitions, stay (id 7, sequence 9). Were C moved to id 8 while its first attempt is still under way, it could be written twice.
 *   Later batches of partition 1 go on under id 7. No id is ever used by a lane that has given it up, because lanes only take the newest.
 */
export class Sender {
  readonly #cluster: Cluster
  readonly #compression: CompressionName
  readonly #groundwork: Groundwork
  readonly #ready = new Set<Lane>()
  #isScheduled = false
  #wakeAt: { at: number; timer: NodeJS.Timeout } | null = null

  constructor(cluster: Cluster, compression: CompressionName) {
    this.#cluster = cluster
    this.#compression = compression
    this.#groundwork = new Groundwork(cluster, {
      waiting: () => this.#ready,
      onProgress: () => this.#wake(),
      onSetback: (lanes, error) => {
        for (const lane of lanes) for (const batch of lane.waiting) batch.lastError = error
      },
      onHopeless: (error) => this.#rejectWaiting(error),
    })
  }

  enqueue(lane: Lane, batch: Batch): void {
    batch.deadline = setTimeout(() => this.#expire(lane, batch), batch.timeoutMs)
    lane.waiting.push(batch)
    this.#offer(lane)
  }

  close(): void {
    this.#groundwork.close()
    clearTimeout(this.#wakeAt?.timer)
  }

  #offer(lane: Lane): void {
    this.#ready.add(lane)
    this.#wake()
  }

  /** At the end of the tick: what is appended in one go travels in one request. */
  #wake(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => {
      this.#isScheduled = false
      this.#dispatch()
    })
  }

  #wakeLater(at: number): void {
    if (this.#wakeAt !== null && this.#wakeAt.at <= at) return
    clearTimeout(this.#wakeAt?.timer)
    // Time goes on between deciding to wait and waiting: what is due already would be a negative delay, which Node warns about.
    const delayMs = Math.max(0, at - performance.now())
    const timer = setTimeout(() => {
      this.#wakeAt = null
      this.#wake()
    }, delayMs)
    this.#wakeAt = { at, timer }
  }

  #dispatch(): void {
    const now = performance.now()
    const byLeader = new Map<number, Lane[]>()
    const leaderless = new Set<string>()
    for (const lane of this.#ready) {
      if (lane.inFlight !== null || lane.waiting.length === 0) {
        this.#ready.delete(lane)
        continue
      }
      if (lane.retryAt > now) {
        this.#wakeLater(lane.retryAt)
        continue
      }
      const leader = this.#cluster.leader(lane.topic, lane.partition)
      if (leader === -1) leaderless.add(lane.topic)
      else if (!this.#ownsIdentity(lane)) continue
      else byLeader.set(leader, [...(byLeader.get(leader) ?? []), lane])
    }
    if (leaderless.size > 0) this.#groundwork.refreshLeaders(leaderless)
    for (const [leader, lanes] of byLeader) this.#dispatchTo(leader, lanes)
  }

  #dispatchTo(leader: number, lanes: readonly Lane[]): void {
    const channel = this.#groundwork.channel(leader)
    if (channel.requestsInFlight >= REQUESTS_IN_FLIGHT_PER_BROKER) return
    if (channel.link?.isOpen !== true) {
      this.#groundwork.open(leader, channel, lanes)
      return
    }
    const passengers: Passenger[] = []
    let bytes = 0
    for (const lane of lanes) {
      const passenger = this.#board(lane)
      if (passenger === null) continue
      passengers.push(passenger)
      bytes += passenger.sealed.bytes.length
      if (bytes >= MAX_REQUEST_BYTES) break
    }
    if (passengers.length > 0) void this.#send(channel.link, channel, passengers)
    if (passengers.length < lanes.length) this.#wake()
  }

  /** Takes the lane's next batch. From here to the socket nothing waits, so a batch whose deadline passes was either never taken or is in flight. */
  #board(lane: Lane): Passenger | null {
    const batch = lane.waiting.shift()
    const { identity } = lane
    if (batch === undefined || identity === null) return null
    try {
      batch.sealed ??= {
        bytes: encodeBatch(batch.records, { ...identity, firstSequence: lane.nextSequence }, this.#compression),
        firstSequence: lane.nextSequence,
      }
    } catch (error) {
      this.#reject(
        lane,
        batch,
        refusal(where(lane), error instanceof Error ? error : new Error(String(error)), 'not-written'),
      )
      return null
    }
    lane.inFlight = batch
    this.#ready.delete(lane)
    return { lane, batch, sealed: batch.sealed }
  }

  async #send(link: Link, channel: Channel, passengers: readonly Passenger[]): Promise<void> {
    const { requestTimeoutMs } = this.#cluster.settings
    channel.requestsInFlight++
    let answers: readonly ProducedPartition[] = []
    let failure: Error | null = null
    try {
      const timeoutMs = Math.ceil(requestTimeoutMs * BROKER_SHARE_OF_TIMEOUT)
      answers = await link.call(produce, { timeoutMs, topics: topicsOf(passengers) }, requestTimeoutMs)
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error))
    }
    channel.requestsInFlight--
    const byPartition = new Map(answers.map((answer) => [`${answer.partition} ${answer.topic}`, answer]))
    for (const passenger of passengers) {
      const { topic, partition } = passenger.lane
      const answer = byPartition.get(`${partition} ${topic}`)
      if (answer !== undefined) this.#onAnswer(passenger, answer)
      else this.#onSilence(passenger, failure ?? unanswered(link, passenger.lane))
    }
    this.#wake()
  }

  #onAnswer({ lane, batch, sealed }: Passenger, { errorCode, baseOffset }: ProducedPartition): void {
    const verdict = verdictOf(errorCode)
    lane.inFlight = null
    if (verdict === 'written') {
      lane.advance(batch, sealed.firstSequence)
      this.#settle(batch)
      batch.resolve({ baseOffset })
      this.#offer(lane)
      return
    }
    batch.lastError = new BrokerError(errorCode, where(lane))
    if (leavesOpen(errorCode)) batch.mayBeWritten = true
    if (verdict === 'refused') {
      this.#reject(lane, batch, refusal(where(lane), batch.lastError, outcomeOf(batch)))
    } else if (verdict === 'sequence-lost' && batch.mayBeWritten) {
      // Its sequence is known to nobody any more: under another identity it might be written a second time.
      this.#reject(lane, batch, refusal(where(lane), batch.lastError, 'unknown'))
    } else {
      if (verdict === 'sequence-lost') {
        this.#abandonIdentity(lane)
        batch.sealed = null // certainly not written, so it may begin anew under another identity
      }
      this.#tryAgain(lane, batch)
    }
  }

  /** No answer for this batch. Unless the request certainly never left, the broker may have written it, or may do so later. */
  #onSilence({ lane, batch }: Passenger, failure: Error): void {
    lane.inFlight = null
    batch.lastError = failure
    if (failure instanceof LinkError && failure.sent) batch.mayBeWritten = true
    if (isRetriable(failure)) this.#tryAgain(lane, batch)
    else this.#reject(lane, batch, refusal(where(lane), failure, outcomeOf(batch)))
  }

  #tryAgain(lane: Lane, batch: Batch): void {
    this.#groundwork.refreshLeaders([lane.topic])
    if (!batch.isSettled) lane.sendAgain(batch)
    else if (batch.mayBeWritten) this.#abandonIdentity(lane)
    this.#offer(lane)
  }

  #expire(lane: Lane, batch: Batch): void {
    if (batch.isSettled) return
    const isInFlight = lane.inFlight === batch
    const outcome: PublishOutcome = isInFlight || batch.mayBeWritten ? 'unknown' : 'not-written'
    const error = lateness(where(lane), batch.timeoutMs, batch.lastError, outcome)
    // In flight, the answer that is still to come decides about the identity; the lane waits for it, which the request timeout bounds.
    if (isInFlight) {
      this.#settle(batch)
      batch.reject(error)
      return
    }
    lane.waiting.splice(lane.waiting.indexOf(batch), 1)
    this.#reject(lane, batch, error)
  }

  #reject(lane: Lane, batch: Batch, error: Error): void {
    if (batch.mayBeWritten) this.#abandonIdentity(lane)
    if (!batch.isSettled) {
      this.#settle(batch)
      batch.reject(error)
    }
    this.#offer(lane)
  }

  #settle(batch: Batch): void {
    batch.isSettled = true
    clearTimeout(batch.deadline)
  }

  #rejectWaiting(error: Error): void {
    for (const lane of this.#ready) {
      for (const batch of lane.waiting.splice(0))
        this.#reject(lane, batch, refusal(where(lane), error, outcomeOf(batch)))
    }
  }

  #ownsIdentity(lane: Lane): boolean {
    if (lane.identity !== null) return true
    // A batch that was sent before keeps its bytes, so its lane keeps its identity: only unsealed batches come here without one.
    const newest = this.#groundwork.identity()
    if (newest === null) return false
    lane.adopt(newest)
    return true
  }

  #abandonIdentity(lane: Lane): void {
    this.#groundwork.abandon(lane.identity)
    lane.identity = null
  }
}

function unanswered(link: Link, lane: Lane): LinkError {
  return new LinkError(`${link.broker} did not answer for ${where(lane)}`, { sent: true })
}

function outcomeOf(batch: Batch): PublishOutcome {
  return batch.mayBeWritten ? 'unknown' : 'not-written'
}

function where(lane: Lane): string {
  return `${lane.topic}/${lane.partition}`
}

function topicsOf(passengers: readonly Passenger[]) {
  const byTopic = new Map<string, { partition: number; batch: Buffer }[]>()
  for (const { lane, sealed } of passengers) {
    const partitions = byTopic.get(lane.topic) ?? []
    partitions.push({ partition: lane.partition, batch: sealed.bytes })
    byTopic.set(lane.topic, partitions)
  }
  return [...byTopic].map(([topic, partitions]) => ({ topic, partitions }))
}
