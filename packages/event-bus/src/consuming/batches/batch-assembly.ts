import type { Clock, Timer } from '../../clock.ts'
import { type BatchRegistration, isOfBatches } from '../definition/batch-handler.ts'
import type { Delivery, HandledEvent } from '../delivery.ts'

/** Records that are handled together. */
export class Batch {
  readonly registration: BatchRegistration
  /** As they were collected: in the order of their offsets as far as they have one key. */
  readonly deliveries: Delivery[] = []
  /** Whether others may still join. */
  isCollecting = true
  /** Ends the wait of its first record. */
  timer: Timer | null = null
  readonly key: string | null

  constructor(registration: BatchRegistration, key: string | null) {
    this.registration = registration
    this.key = key
  }
}

/** Where a record stands that has to do with batches. */
export class BatchPlace {
  /** The batch that it was collected into, until that starts. */
  batch: Batch | null = null
  /** The next of its lane was handed out before it was settled. */
  hasLeftLane = false
  /** Nothing but its row keeps it from being attempted. */
  isWaiting = false
}

/** What the assembly needs of its partition. */
export interface AssemblyOwner {
  /** The record may run now, or its batch: before those that are ready already and came later. */
  readonly makeReady: (delivery: Delivery) => void
  /** Hands out whoever follows a record in its lane, before the record is settled. */
  readonly leaveLane: (delivery: Delivery) => void
  /** Something is ready that was not before; called from timers only. */
  readonly onRunnable: () => void
  readonly clock: Clock
}

/**
 * Gathers the records of one partition into batches. A record that is collected leaves its lane, so that the next of its key can be collected as well; from
 * then on its order is kept here (I2), in a row for each lane: records that left it and are not settled, by their offsets, and behind them at most one that
 * still holds it.
 *
 * A record may be attempted when all that stand before it in its row are in the batch that it joins. A walk: a1 and a2 run in a batch; a3 is decoded, is
 * refused, and stands behind them. a1 fails, a2 is acknowledged. a1 waits for its next attempt; a2 stays in the row, because it was handled without a1
 * before it. When a1 is settled, a2 is let go and collected, then a3 into the same batch.
 *
 * A record that has failed is attempted alone from then on: what one poisonous record does to its batch happens once.
 */
export class BatchAssembly {
  readonly #owner: AssemblyOwner
  readonly #rows = new Map<string, Delivery[]>()
  /** By what their records have in common: the key, or null for the partition and for records without a key. */
  readonly #collecting = new Map<BatchRegistration, Map<string | null, Batch>>()

  constructor(owner: AssemblyOwner) {
    this.#owner = owner
  }

  /**
   * A decoded record asks for its attempt. Answers true when it is not for a batch and may run now; otherwise it is in a batch, or will be made ready when it
   * is its turn.
   */
  admit(delivery: Delivery, { registration }: HandledEvent): boolean {
    if (!isOfBatches(registration)) return this.#admitAlone(delivery)
    const batch = delivery.attemptsMade > 0 ? this.#batchOfOne(registration) : this.#batchFor(delivery, registration)
    if (!this.#mustWait(delivery, batch)) this.#collect(delivery, batch)
    return false
  }

  /** The record has come to its end. */
  settled(delivery: Delivery): void {
    const row = this.#rowOf(delivery)
    if (row === undefined) return
    const index = row.indexOf(delivery)
    if (index !== -1) row.splice(index, 1)
    this.#letGo(delivery)
  }

  /** What was said of this record does not count, because one of its key before it is tried again: it is handled again after that. */
  putBack(delivery: Delivery): void {
    placeOf(delivery).isWaiting = true
    this.#letGo(delivery)
  }

  /** Whether records of this lane that have left it are unsettled. */
  holds(laneKey: string): boolean {
    return this.#rows.has(laneKey)
  }

  /** Starts no batch any more: what is collected is left for the next owner. */
  release(): void {
    for (const batches of this.#collecting.values()) for (const { timer } of batches.values()) timer?.cancel()
    this.#collecting.clear()
    this.#rows.clear()
  }

  #admitAlone(delivery: Delivery): boolean {
    const row = this.#rowOf(delivery)
    if (row === undefined) return true
    if (this.#mustWait(delivery, null)) return false
    // It holds its lane as any record does, and is the last of its row for that.
    if (delivery.laneKey !== null) this.#rows.delete(delivery.laneKey)
    return true
  }

  /** Whether somebody stands before the record who is not in the batch that it would join. It then stays in its row until it is made ready. */
  #mustWait(delivery: Delivery, batch: Batch | null): boolean {
    const { laneKey } = delivery
    if (laneKey === null) return false
    let row = this.#rows.get(laneKey)
    if (row === undefined) {
      row = []
      this.#rows.set(laneKey, row)
    }
    // Whoever is new in a row stands last in it.
    let index = row.at(-1) === delivery ? row.length - 1 : row.indexOf(delivery)
    if (index === -1) index = row.push(delivery) - 1
    const before = row[index - 1]?.place?.batch
    // The one before it stands for all: it joined because those before it had.
    if (index === 0 || (before?.isCollecting === true && before === batch)) return false
    placeOf(delivery).isWaiting = true
    // Nothing more of this lane can come into that batch.
    if (before?.isCollecting === true) this.#close(before)
    return true
  }

  #batchOfOne(registration: BatchRegistration): Batch {
    const batch = new Batch(registration, null)
    batch.isCollecting = false
    return batch
  }

  #batchFor(delivery: Delivery, registration: BatchRegistration): Batch {
    const { key } = delivery.record
    const batchKey = registration.batch.by === 'key' && key !== null ? key.toString('latin1') : null
    return this.#collecting.get(registration)?.get(batchKey) ?? new Batch(registration, batchKey)
  }

  #collect(delivery: Delivery, batch: Batch): void {
    const place = placeOf(delivery)
    place.batch = batch
    batch.deliveries.push(delivery)
    if (!batch.isCollecting) {
      this.#owner.makeReady(delivery)
      return
    }
    if (batch.deliveries.length === 1) this.#open(batch)
    if (batch.deliveries.length >= batch.registration.batch.maxRecords) this.#close(batch)
    const row = this.#rowOf(delivery)
    const next = row?.at(-1) === delivery ? undefined : row?.[row.indexOf(delivery) + 1]
    if (next !== undefined) {
      this.#makeReady(next)
    } else if (!place.hasLeftLane) {
      place.hasLeftLane = true
      this.#owner.leaveLane(delivery)
    }
  }

  #open(batch: Batch): void {
    const { clock, onRunnable } = this.#owner
    const { registration, key } = batch
    const batches = this.#collecting.get(registration) ?? new Map<string | null, Batch>()
    this.#collecting.set(registration, batches.set(key, batch))
    batch.timer = clock.setTimer(() => {
      this.#close(batch)
      onRunnable()
    }, registration.batch.maxWaitMs)
  }

  /** The batch takes nothing any more and may start: its first record stands for it where records wait for a slot. */
  #close(batch: Batch): void {
    const [first] = batch.deliveries
    if (first === undefined) return
    batch.isCollecting = false
    batch.timer?.cancel()
    this.#collecting.get(batch.registration)?.delete(batch.key)
    this.#owner.makeReady(first)
  }

  /** Makes the first of a row ready if its row is all that it waits for. */
  #letGo({ laneKey }: Delivery): void {
    if (laneKey === null) return
    const first = this.#rows.get(laneKey)?.[0]
    if (first === undefined) this.#rows.delete(laneKey)
    else this.#makeReady(first)
  }

  #makeReady(delivery: Delivery): void {
    const place = placeOf(delivery)
    if (!place.isWaiting) return
    place.isWaiting = false
    this.#owner.makeReady(delivery)
  }

  #rowOf({ laneKey }: Delivery): Delivery[] | undefined {
    return laneKey === null ? undefined : this.#rows.get(laneKey)
  }
}

function placeOf(delivery: Delivery): BatchPlace {
  delivery.place ??= new BatchPlace()
  return delivery.place
}
