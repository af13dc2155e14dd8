import type {
  AssignedPartition,
  Chunk,
  GroupListener,
  RawRecord,
  StartPosition,
  TopicPartition,
} from '@tributary/event-bus'
import type { Happenings, WaitOptions } from '../clock/happenings.ts'
import { partitionId } from '../memory/assignment.ts'

export type GroupEvent =
  | { readonly kind: 'assigned'; readonly partitions: readonly AssignedPartition[] }
  | { readonly kind: 'revoking'; readonly partitions: readonly TopicPartition[] }
  | { readonly kind: 'revoked'; readonly partitions: readonly TopicPartition[] }
  | { readonly kind: 'lost'; readonly partitions: readonly TopicPartition[] }
  | { readonly kind: 'chunk'; readonly chunk: Chunk }
  | { readonly kind: 'failed'; readonly error: Error }

/** What happened to whom: one story for all members of a test, because a fact about one may wait for an event of another. */
export interface MemberEvent {
  readonly member: RecordingListener
  readonly event: GroupEvent
}

/** What the members of one group own at this moment; two owners of one partition are a violation. */
export type OwnershipLedger = Map<string, RecordingListener>

/**
 * Listens as the engine does, writes everything down, and holds the driver to the port's promises all the while: each chunk starts where the
 * one before ended, belongs to an owned partition and its epoch, and nobody else owns that partition.
 */
export class RecordingListener implements GroupListener {
  readonly name: string
  readonly violations: string[] = []
  /** Where to start; the committed offset or the start of the log unless a test says otherwise. */
  chooseStart: (partition: AssignedPartition) => bigint | Promise<bigint> = ({ committed, logStartOffset }) =>
    committed?.nextOffset ?? logStartOffset
  /** What happens before partitions are given up; nothing unless a test says otherwise. */
  beforeRevoked: (partitions: readonly TopicPartition[], signal: AbortSignal) => Promise<void> = async () => {}
  /** Called inside `onChunk`: the place to pause, as the engine does. */
  onRecords: (chunk: Chunk) => void = () => {}
  #stage: 'member' | 'leaving' | 'closed' = 'member'
  readonly events: GroupEvent[] = []
  readonly #happenings: Happenings<MemberEvent>
  readonly #ledger: OwnershipLedger
  readonly #expected = new Map<string, { readonly epoch: number; position: bigint | null }>()
  #highestEpoch = 0

  constructor(name: string, ledger: OwnershipLedger, happenings: Happenings<MemberEvent>) {
    this.name = name
    this.#happenings = happenings
    this.#ledger = ledger
  }

  // The port

  async onAssigned(partitions: readonly AssignedPartition[]): Promise<readonly StartPosition[]> {
    this.#refuseAfterClose('onAssigned')
    for (const partition of partitions) this.#take(partition)
    this.#tell({ kind: 'assigned', partitions })
    const starts = await Promise.all(
      partitions.map(async (partition) => ({
        topic: partition.topic,
        partition: partition.partition,
        position: await this.chooseStart(partition),
      })),
    )
    for (const [index, start] of starts.entries()) {
      const expected = this.#expected.get(partitionId(start))
      if (expected && expected.epoch === partitions[index]?.epoch) expected.position = start.position
    }
    return starts
  }

  async onRevoking(partitions: readonly TopicPartition[], signal: AbortSignal): Promise<void> {
    this.#refuseAfterClose('onRevoking')
    for (const partition of partitions) {
      if (this.#stage === 'member' && !this.#expected.has(partitionId(partition)))
        this.#violated(`${partitionId(partition)} is revoked and was not owned`)
    }
    this.#tell({ kind: 'revoking', partitions })
    await this.beforeRevoked(partitions, signal)
    // Lost while it was draining: it may be somebody else's by now.
    const given = partitions.filter((partition) => this.#expected.has(partitionId(partition)))
    for (const partition of given) this.#release(partition)
    this.#tell({ kind: 'revoked', partitions: given })
  }

  onLost(partitions: readonly TopicPartition[]): void {
    this.#refuseAfterClose('onLost')
    for (const partition of partitions) this.#release(partition)
    this.#tell({ kind: 'lost', partitions })
  }

  onChunk(chunk: Chunk): void {
    this.#refuseAfterClose('onChunk')
    this.#check(chunk)
    this.#tell({ kind: 'chunk', chunk })
    this.onRecords(chunk)
  }

  onFailed(error: Error): void {
    this.#tell({ kind: 'failed', error })
  }

  // What a test asks

  /** A seek that the test made: the next chunk starts there. */
  expectPosition(partition: TopicPartition, position: bigint): void {
    const expected = this.#expected.get(partitionId(partition))
    if (expected) expected.position = position
  }

  /** Others may own what it owns from now on, before it hears of it itself. */
  disown(): void {
    for (const id of this.#expected.keys()) if (this.#ledger.get(id) === this) this.#ledger.delete(id)
  }

  /** The member is about to leave by itself: what the driver still says on the way out binds nobody. */
  leaving(): void {
    this.disown()
    this.#expected.clear()
    if (this.#stage === 'member') this.#stage = 'leaving'
  }

  /** The member has left: the driver has nothing to say any more. */
  left(): void {
    this.#stage = 'closed'
  }

  /** Partition ids, `topic/partition`, owned now. */
  owned(): string[] {
    return [...this.#expected.keys()].sort()
  }

  epochOf(partition: TopicPartition): number {
    return this.#expected.get(partitionId(partition))?.epoch ?? 0
  }

  chunks(partition?: TopicPartition): Chunk[] {
    const chunks = this.events.flatMap((event) => (event.kind === 'chunk' ? [event.chunk] : []))
    return partition ? chunks.filter((chunk) => partitionId(chunk) === partitionId(partition)) : chunks
  }

  records(partition?: TopicPartition): RawRecord[] {
    return this.chunks(partition).flatMap(({ records }) => [...records])
  }

  values(partition?: TopicPartition): string[] {
    return this.records(partition).map(({ value }) => value?.toString() ?? 'null')
  }

  /** Resolves when `fact` is true; looks again whenever something happens to any member. */
  async until(what: string, fact: () => boolean, options?: WaitOptions): Promise<void> {
    await this.#happenings.waitFor(`${this.name}: ${what}`, () => fact() || undefined, options)
  }

  /** Resolves with the first event of that kind, also one that has already happened. */
  first<K extends GroupEvent['kind']>(kind: K, options?: WaitOptions): Promise<Extract<GroupEvent, { kind: K }>> {
    const isThatKind = (event: GroupEvent): event is Extract<GroupEvent, { kind: K }> => event.kind === kind
    return this.#happenings.waitFor(`${this.name}: ${kind}`, () => this.events.find(isThatKind), options)
  }

  #tell(event: GroupEvent): void {
    this.events.push(event)
    this.#happenings.add({ member: this, event })
  }

  #take(partition: AssignedPartition): void {
    if (this.#stage !== 'member') return
    const id = partitionId(partition)
    const owner = this.#ledger.get(id)
    if (owner) this.#violated(`${id} is assigned while ${owner.name} still owns it`)
    if (partition.epoch <= this.#highestEpoch && this.#expected.get(id)) this.#violated(`${id} is assigned twice`)
    if (partition.epoch < 1) this.#violated(`${id} has epoch ${partition.epoch}: epochs of assignments start at 1`)
    this.#highestEpoch = Math.max(this.#highestEpoch, partition.epoch)
    this.#ledger.set(id, this)
    this.#expected.set(id, { epoch: partition.epoch, position: null })
  }

  #release(partition: TopicPartition): void {
    const id = partitionId(partition)
    this.#expected.delete(id)
    if (this.#ledger.get(id) === this) this.#ledger.delete(id)
  }

  #check(chunk: Chunk): void {
    if (this.#stage !== 'member') return
    const id = partitionId(chunk)
    const expected = this.#expected.get(id)
    if (expected?.epoch !== chunk.epoch) {
      this.#violated(
        `a chunk of ${id} in epoch ${chunk.epoch}, which is ${expected ? `in epoch ${expected.epoch}` : 'not owned'}`,
      )
      return
    }
    if (expected.position !== chunk.fetchedFrom) {
      const due =
        expected.position === null ? 'onAssigned had not chosen yet' : `${expected.position} was the next position`
      this.#violated(`a chunk of ${id} from ${chunk.fetchedFrom}, where ${due}`)
    }
    let least = chunk.fetchedFrom
    for (const { offset } of chunk.records) {
      if (offset < least || offset >= chunk.nextPosition) {
        this.#violated(`record ${offset} of ${id} out of place in [${chunk.fetchedFrom}, ${chunk.nextPosition})`)
      }
      least = offset + 1n
    }
    expected.position = chunk.nextPosition
  }

  #refuseAfterClose(call: string): void {
    if (this.#stage === 'closed') this.#violated(`${call} after close() had resolved`)
  }

  #violated(what: string): void {
    this.violations.push(`${this.name}: ${what}`)
  }
}

export function describeMemberEvent({ member, event }: MemberEvent): string {
  return `${member.name} ${describeEvent(event)}`
}

function describeEvent(event: GroupEvent): string {
  if (event.kind === 'chunk') {
    const { fetchedFrom, nextPosition, records, epoch } = event.chunk
    return `chunk ${partitionId(event.chunk)} [${fetchedFrom}, ${nextPosition}) epoch ${epoch}, ${records.length} records`
  }
  if (event.kind === 'failed') return `failed: ${event.error.message}`
  return `${event.kind} ${event.partitions.map(partitionId).join(' ')}`
}
