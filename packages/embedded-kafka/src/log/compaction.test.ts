import path from 'node:path'
import { expect, it, vi } from 'vitest'
import { type BatchOptions, recordBatch, type TestRecord } from '../../test/support/record-batch.ts'
import { scratchDirectory } from '../../test/support/scratch-directory.ts'
import { settle } from '../../test/support/settle.ts'
import { rules, storedLog } from '../../test/support/stored-log.ts'
import { Turns } from '../cluster/turns.ts'
import { LogFile } from '../storage/files/log-file.ts'
import { defaultLogPolicy } from './log-policy.ts'
import { PartitionLog } from './partition-log.ts'
import { recordsOf } from './records.ts'

const nowMs = 1_700_000_000_000

/** A compacted log in which every batch is a segment. */
function setUp(over: Partial<typeof defaultLogPolicy> = {}) {
  const policy = { ...defaultLogPolicy, compacts: true, minCleanableDirtyRatio: 0, segmentMs: 0, ...over }
  const log = new PartitionLog({ policy: () => policy })
  let at = nowMs
  const send = (records: readonly TestRecord[]) =>
    log.append(recordBatch(records, { baseTimestamp: ++at }), 0, rules, at)
  const offsets = () => [...log.batches()].flatMap(({ bytes }) => recordsOf(bytes)).map(({ offset }) => offset)
  return { log, send, offsets, end: () => send([{ key: 'end' }]) }
}

it('never touches the active segment', async () => {
  const { log, send, offsets } = setUp()
  send([{ key: 'a' }])
  send([{ key: 'a' }])
  await log.compact(nowMs, new Turns(0))
  expect(offsets()).toEqual([0n, 1n])
})

it('leaves young records alone, and those before them that only they supersede', async () => {
  const { log, send, offsets, end } = setUp({ minCompactionLagMs: 1_000 })
  send([{ key: 'a' }])
  send([{ key: 'a' }])
  end()
  await log.compact(nowMs + 500, new Turns(0))
  expect(offsets()).toEqual([0n, 1n, 2n])
  await log.compact(nowMs + 2_000, new Turns(0))
  expect(offsets()).toEqual([1n, 2n])
})

it('waits until enough is new', async () => {
  const { log, send, offsets, end } = setUp({ minCleanableDirtyRatio: 0.5 })
  for (const key of ['a', 'b', 'c', 'd']) send([{ key }])
  end()
  await log.compact(nowMs, new Turns(0))
  send([{ key: 'a' }])
  end()
  await log.compact(nowMs, new Turns(0))
  expect(offsets()).toContain(0n)
  for (const key of ['b', 'c', 'd']) send([{ key }])
  end()
  await log.compact(nowMs, new Turns(0))
  expect(offsets()).not.toContain(0n)
})

it('gives up what retention removes meanwhile, whichever turn of others that is in', async () => {
  const policy = { ...defaultLogPolicy, compacts: true, minCleanableDirtyRatio: 0, segmentMs: 0 }
  // A turn after each of the six batches that are read for their keys, and after each that is rewritten.
  for (let when = 0; when < 12; when++) {
    using directory = scratchDirectory()
    const { log, close } = storedLog(directory.path, policy)
    for (let index = 0; index < 7; index++)
      log.append(recordBatch([{ key: `${index}` }], { baseTimestamp: nowMs + index }), 0, rules, nowMs)
    const turns = new Turns(0)
    let taken = 0
    vi.spyOn(turns, 'next').mockImplementation(() => {
      if (taken++ === when) log.deleteBefore(3n)
      return Promise.resolve()
    })
    await log.compact(nowMs, turns)
    const offsets = [...log.batches()].flatMap(({ bytes }) => recordsOf(bytes)).map(({ offset }) => offset)
    expect(offsets, `in turn ${when}`).toEqual([3n, 4n, 5n, 6n])
    await close()
  }
})

it('brings to the disk what it relies on before it takes anything away', async () => {
  using directory = scratchDirectory()
  const policy = { ...defaultLogPolicy, compacts: true, minCleanableDirtyRatio: 0, segmentBytes: 200 }
  const { log, close } = storedLog(directory.path, policy)
  const producer = { producerId: 7n, producerEpoch: 0 }
  const send = (value: string, over: BatchOptions = {}) =>
    log.append(recordBatch([{ key: 'a', value }], { baseTimestamp: nowMs, ...over }), 0, rules, nowMs)
  send('committed long ago')
  send('committed now', { ...producer, baseSequence: 0, attributes: 0x10 })
  send('active')
  // Without the marker the transaction would be open, and the value before it the one that counts.
  log.endTransaction({ ...producer, outcome: 'commit', coordinatorEpoch: 0 }, 0, nowMs)
  await settle()
  const flush = vi.spyOn(LogFile.prototype, 'flush')
  await log.compact(nowMs, new Turns(0))
  const flushed = flush.mock.contexts.map((file) => path.basename((file as LogFile).path))
  const active = flushed.indexOf('00000000000000000002.log')
  expect(active).toBeGreaterThanOrEqual(0)
  expect(active).toBeLessThan(flushed.indexOf('00000000000000000000.cleaned'))
  vi.restoreAllMocks()
  await close()
})
