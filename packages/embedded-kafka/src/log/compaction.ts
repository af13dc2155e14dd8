/**
 * Compaction of one log: of all records with the same key, the last one stays. Works on ended segments only, rewrites
 * them beside the log, and puts the result in their place in one step. Offsets never change.
 *
 * Records of aborted transactions count for nothing and go. A marker stays as long as anything of its transaction does:
 * were the one of a commit gone, recovery would take the records for a part of that producer's next transaction.
 * The latest batch of each producer stays, empty perhaps, for the same recovery's sake.
 */
import type { Turns } from '../cluster/turns.ts'
import type { Segment, SegmentStore, StoredBatch } from '../storage/segment.ts'
import { compactedBatch, type OpenBatch, openBatch } from './compacted-batch.ts'
import { markerOf } from './control-batch.ts'
import { DecidedTransactions } from './decided-transactions.ts'
import { LatestOffsets } from './latest-offsets.ts'
import type { LogPolicy } from './log-policy.ts'
import type { ProducerState } from './producer-state.ts'

/** Some 100 MB of memory at most. */
const maxKeysInOnePass = 500_000

/** Which part of the log may be looked at. */
export interface CompactionRange {
  readonly startOffset: bigint
  /** Behind it are transactions of which nobody knows yet how they end. */
  readonly lastStableOffset: bigint
}

interface Pass {
  readonly latest: LatestOffsets
  readonly transactions: DecidedTransactions
  readonly producers: ProducerState
  readonly nowMs: number
  readonly deleteRetentionMs: number
  readonly turns: Turns
}

export class Compaction {
  readonly #store: SegmentStore
  readonly #producers: ProducerState
  readonly #maxKeys: number
  /** Below it every key is there once, but for tombstones. Forgotten with the process, which costs one pass too many. */
  #cleanBefore = 0n

  constructor(store: SegmentStore, producers: ProducerState, maxKeys: number = maxKeysInOnePass) {
    this.#store = store
    this.#producers = producers
    this.#maxKeys = maxKeys
  }

  async run(
    policy: LogPolicy,
    { startOffset, lastStableOffset }: CompactionRange,
    nowMs: number,
    turns: Turns,
  ): Promise<void> {
    const ended = this.#store.segments.slice(0, -1)
    const tooYoungMs = BigInt(nowMs - policy.minCompactionLagMs)
    const firstTooYoung = ended.findIndex(
      ({ maxTimestamp, nextOffset }) =>
        nextOffset > lastStableOffset || (policy.minCompactionLagMs > 0 && maxTimestamp > tooYoungMs),
    )
    const cleanable = firstTooYoung < 0 ? ended : ended.slice(0, firstTooYoung)
    const dirty = cleanable.filter(({ nextOffset }) => nextOffset > this.#cleanBefore)
    if (sizeOf(dirty) === 0 || sizeOf(dirty) / sizeOf(cleanable) <= policy.minCleanableDirtyRatio) return

    const { transactions: index } = this.#producers
    const pass: Pass = {
      latest: new LatestOffsets(this.#maxKeys),
      transactions: new DecidedTransactions(index.abortedBetween(startOffset, lastStableOffset)),
      producers: this.#producers,
      nowMs,
      deleteRetentionMs: policy.deleteRetentionMs,
      turns,
    }
    const mapped = await this.#map(dirty, pass, startOffset)
    const last = mapped.at(-1)
    if (!last) return
    // What supersedes a record, or says that it was aborted, must not be lost when the record itself is gone for good.
    await this.#store.flush()
    const rewritten = cleanable.slice(0, cleanable.indexOf(last) + 1)
    for (const group of inGroups(rewritten, policy.segmentBytes)) if (!(await this.#rewrite(group, pass))) return
    this.#cleanBefore = last.nextOffset
    // Nothing that was aborted is left there.
    index.forgetBefore(last.nextOffset)
  }

  /** Notes the last offset of each key in whole segments, until the map is full. */
  async #map(dirty: readonly Segment[], pass: Pass, startOffset: bigint): Promise<Segment[]> {
    const { latest, transactions, turns } = pass
    const mapped: Segment[] = []
    for (const segment of dirty) {
      if (latest.isFull) break
      for (const batch of segment.batchesFrom(startOffset)) {
        const open = openBatch(batch.bytes)
        const counts = !open.header.isControl && !transactions.isAborted(open.header)
        if (counts) for (const { key, offset } of open.records) if (key) latest.note(key, offset)
        if (!turns.isOver) continue
        await turns.next()
        if (!this.#areThere(dirty)) return []
      }
      mapped.push(segment)
    }
    return mapped
  }

  /** Resolves with false when the segments are not there any more. */
  async #rewrite(group: readonly Segment[], pass: Pass): Promise<boolean> {
    if (!this.#areThere(group)) return false
    const rewrite = this.#store.rewrite(group[0]?.baseOffset ?? 0n)
    try {
      for (const segment of group)
        for (const batch of segment.batchesFrom(segment.baseOffset)) {
          const kept = compacted(batch, pass)
          if (kept) rewrite.append(kept)
          if (!pass.turns.isOver) continue
          await pass.turns.next()
          if (!this.#areThere(group)) {
            rewrite.discard()
            return false
          }
        }
      return await rewrite.replace(group, this.#producers)
    } catch (error) {
      rewrite.discard()
      throw error
    }
  }

  /** Retention or the topic's deletion may have removed some while others had their turn. */
  #areThere(segments: readonly Segment[]): boolean {
    return segments.every((segment) => this.#store.segments.includes(segment))
  }
}

/** What stays of a batch: all of it, byte for byte, where nothing has to go. */
function compacted(batch: StoredBatch, pass: Pass): StoredBatch | undefined {
  const open = openBatch(batch.bytes)
  if (open.header.isControl) return compactedMarker(batch, open, pass)
  const { latest, transactions, producers, nowMs, deleteRetentionMs } = pass
  transactions.metRecords(open.header)
  const isAborted = transactions.isAborted(open.header)
  const { deleteHorizonMs } = open.header
  const isPastHorizon = deleteHorizonMs !== undefined && deleteHorizonMs < BigInt(nowMs)
  const kept = open.records.filter(
    ({ key, offset, isTombstone }) =>
      key && !isAborted && !latest.isSuperseded(key, offset) && !(isTombstone && isPastHorizon),
  )
  if (kept.length === 0 && !producers.isLatest(open.header)) return undefined
  const needsHorizon = deleteHorizonMs === undefined && kept.some(({ isTombstone }) => isTombstone)
  if (kept.length === open.records.length && !needsHorizon) return batch
  return compactedBatch(batch, open, kept, needsHorizon ? BigInt(nowMs + deleteRetentionMs) : undefined)
}

/** Like a tombstone: once nothing is left of its transaction, a marker can be read for `delete.retention.ms`. */
function compactedMarker(batch: StoredBatch, open: OpenBatch, pass: Pass): StoredBatch | undefined {
  const { header, records } = open
  if (!markerOf(batch.bytes, header) || pass.transactions.metMarker(header)) return batch
  const { deleteHorizonMs } = header
  if (deleteHorizonMs === undefined)
    return compactedBatch(batch, open, records, BigInt(pass.nowMs + pass.deleteRetentionMs))
  return deleteHorizonMs < BigInt(pass.nowMs) && !pass.producers.isLatest(header) ? undefined : batch
}

/** Neighbours that fit into one segment become one: compaction would leave ever smaller ones otherwise. */
function inGroups(segments: readonly Segment[], segmentBytes: number): Segment[][] {
  const groups: Segment[][] = []
  let sizeBytes = 0
  for (const segment of segments) {
    const group = groups.at(-1)
    sizeBytes += segment.sizeBytes
    if (group && sizeBytes <= segmentBytes) group.push(segment)
    else {
      groups.push([segment])
      sizeBytes = segment.sizeBytes
    }
  }
  return groups
}

function sizeOf(segments: readonly Segment[]): number {
  return segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
}
