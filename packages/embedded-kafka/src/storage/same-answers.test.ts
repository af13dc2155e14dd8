import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, it } from 'vitest'
import { recordBatch, type TestRecord } from '../../test/support/record-batch.ts'
import { scratchDirectory } from '../../test/support/scratch-directory.ts'
import { rules, storedLog } from '../../test/support/stored-log.ts'
import { Turns } from '../cluster/turns.ts'
import { defaultLogPolicy, type LogPolicy } from '../log/log-policy.ts'
import { PartitionLog } from '../log/partition-log.ts'
import { type LogRecord, recordsOf } from '../log/records.ts'

const startMs = 1_700_000_000_000
const policy: LogPolicy = {
  ...defaultLogPolicy,
  segmentBytes: 150_000,
  segmentMs: 5_000,
  retentionMs: 20_000,
  retentionBytes: 400_000,
  minCleanableDirtyRatio: 0,
  deleteRetentionMs: 3_000,
}

const record = fc.record({
  key: fc.constantFrom('a', 'b', 'c', 'a key that is longer than a hash'),
  value: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom('x', 'y'.repeat(9_000)) },
    { weight: 1, arbitrary: fc.constant(null) },
  ),
})
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      records: fc.array(record, { minLength: 1, maxLength: 4 }),
      isPacked: fc.boolean(),
      elapsedMs: fc.nat(2_000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('read' as const), at: fc.nat(1_000), maxBytes: fc.nat(90_000) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('find' as const), agoMs: fc.nat(40_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), at: fc.nat(1_000) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('compact' as const) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('close' as const, 'kill' as const) }) },
)

function appended(log: PartitionLog, records: readonly TestRecord[], isPacked: boolean, nowMs: number): void {
  const stamped = records.map((each, index) => ({ ...each, timestamp: nowMs + index }))
  const packing = isPacked ? { attributes: 1, compress: gzipSync } : {}
  log.append(recordBatch(stamped, { baseTimestamp: nowMs, ...packing }), 0, rules, nowMs)
}

/** A place on the log, `at` thousandths from its start to its end. */
function offsetOf({ startOffset, endOffset }: PartitionLog, at: number): bigint {
  return startOffset + ((endOffset - startOffset) * BigInt(at)) / 1_000n
}

function readFrom(log: PartitionLog, offset: bigint, maxBytes: number): Buffer {
  return Buffer.concat(log.read(offset, maxBytes, true).batches)
}

const allOf = (log: PartitionLog): Buffer => Buffer.concat(Array.from(log.batches(), ({ bytes }) => bytes))

it('memory and files give the same answers, whatever happens to a log', { timeout: 60_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), fc.boolean(), async (steps, compacts) => {
      using directory = scratchDirectory()
      const ownPolicy = { ...policy, compacts, deletes: !compacts }
      const inMemory = new PartitionLog({ policy: () => ownPolicy })
      let inFiles = storedLog(directory.path, ownPolicy)
      let nowMs = startMs
      for (const each of steps) {
        const logs = [inMemory, inFiles.log]
        if (each.kind === 'append') {
          nowMs += each.elapsedMs
          for (const log of logs) appended(log, each.records, each.isPacked, nowMs)
        }
        if (each.kind === 'read')
          expect(readFrom(inFiles.log, offsetOf(inFiles.log, each.at), each.maxBytes)).toEqual(
            readFrom(inMemory, offsetOf(inMemory, each.at), each.maxBytes),
          )
        if (each.kind === 'find') {
          const timestampMs = BigInt(nowMs - each.agoMs)
          expect(inFiles.log.offsetAt(timestampMs)).toEqual(inMemory.offsetAt(timestampMs))
        }
        if (each.kind === 'delete') for (const log of logs) log.deleteBefore(offsetOf(log, each.at))
        if (each.kind === 'expire') for (const log of logs) log.expire(nowMs)
        if (each.kind === 'compact') for (const log of logs) await log.compact(nowMs, new Turns(0))
        // What was compacted is not remembered over a restart, and would be compacted once more.
        if ((each.kind === 'close' || each.kind === 'kill') && !compacts) {
          const { startOffset } = inFiles.log
          if (each.kind === 'close') await inFiles.close()
          else await inFiles.storage.close()
          inFiles = storedLog(directory.path, ownPolicy)
          // The cluster's journal would know where it starts.
          if (startOffset > inFiles.log.startOffset) inFiles.log.deleteBefore(startOffset)
        }
        expect(inFiles.log.startOffset).toBe(inMemory.startOffset)
        expect(inFiles.log.endOffset).toBe(inMemory.endOffset)
        expect(inFiles.log.sizeBytes).toBe(inMemory.sizeBytes)
      }
      expect(allOf(inFiles.log).equals(allOf(inMemory))).toBe(true)
      await inFiles.close()
      expect(inFiles.warnings).toEqual([])
    }),
    { numRuns: 60 },
  )
})

it('compaction keeps the last value of each key, and what it keeps is unchanged', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 80 }), async (steps) => {
      const log = new PartitionLog({ policy: () => ({ ...policy, compacts: true, deletes: false }) })
      const written: LogRecord[] = []
      const latest = new Map<string, string | null>()
      let nowMs = startMs
      for (const each of steps) {
        if (each.kind === 'compact') await log.compact(nowMs, new Turns(0))
        if (each.kind !== 'append') continue
        nowMs += each.elapsedMs
        appended(log, each.records, each.isPacked, nowMs)
        written.push(...recordsOf([...log.batches()].at(-1)?.bytes ?? Buffer.alloc(0)))
        for (const { key, value } of each.records) latest.set(key, value)
      }
      await log.compact(nowMs, new Turns(0))
      const kept = [...log.batches()].flatMap(({ bytes }) => recordsOf(bytes))
      for (const one of kept) expect(one).toEqual(written.find(({ offset }) => offset === one.offset))
      expect(kept.map(({ offset }) => offset)).toEqual(
        kept.map(({ offset }) => offset).toSorted((one, other) => Number(one - other)),
      )
      const found = new Map(kept.map(({ key, value }) => [String(key), value && String(value)]))
      // A tombstone may be gone with what it deleted; a value may not.
      for (const [key, value] of latest) expect(found.get(key) ?? null).toEqual(value)
    }),
    { numRuns: 100 },
  )
})
