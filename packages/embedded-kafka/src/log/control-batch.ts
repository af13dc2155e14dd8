/** Transaction markers: batches of one control record that says how a producer's transaction ended on this partition. */
import { type BatchHeader, headerBytes, readHeader, sealControl } from './batch-header.ts'
import { RecordBytes } from './record-bytes.ts'

export type Outcome = 'commit' | 'abort'

export interface Marker {
  readonly producerId: bigint
  /** Of the producer that may write from now on: whoever has a lower one is fenced. */
  readonly producerEpoch: number
  readonly outcome: Outcome
  /** Counts the coordinators of the transaction, so that a late marker of an earlier one can be told. */
  readonly coordinatorEpoch: number
}

const types: readonly Outcome[] = ['abort', 'commit']

/** Varints double what they hold: a record of 16 bytes with a key of 4 and a value of 6, and the rest is zero. */
const length = 16 * 2
const keyLength = 4 * 2
const valueLength = 6 * 2

/** Fields at their distance from the batch's start. */
const at = { length: 61, keyLength: 65, type: 68, valueLength: 70, coordinatorEpoch: 73 } as const
const batchBytes = 78

export function markerBatch({ producerId, producerEpoch, outcome, coordinatorEpoch }: Marker, nowMs: number): Buffer {
  const bytes = Buffer.alloc(batchBytes)
  bytes.writeUInt8(length, at.length)
  bytes.writeUInt8(keyLength, at.keyLength)
  bytes.writeInt16BE(types.indexOf(outcome), at.type)
  bytes.writeUInt8(valueLength, at.valueLength)
  bytes.writeInt32BE(coordinatorEpoch, at.coordinatorEpoch)
  sealControl(bytes, { producerId, producerEpoch, timestampMs: BigInt(nowMs) })
  return bytes
}

/** What a control batch says; undefined for one that says something else than how a transaction ended. */
export function markerOf(batch: Buffer, header: BatchHeader = readHeader(batch)): Marker | undefined {
  const record = new RecordBytes(batch.subarray(headerBytes))
  record.varint() // length
  record.skip(1) // attributes
  record.varlong() // time
  record.varint() // offset
  const outcome = types[record.nullableBytes()?.readInt16BE(2) ?? -1]
  const value = record.nullableBytes()
  if (!outcome || !value) return undefined
  const { producerId, producerEpoch } = header
  return { producerId, producerEpoch, outcome, coordinatorEpoch: value.readInt32BE(2) }
}
