import { expect, it } from 'vitest'
import { recordBatch, type TestRecord } from '../../test/support/record-batch.ts'
import { scratchDirectory } from '../../test/support/scratch-directory.ts'
import { settle } from '../../test/support/settle.ts'
import { rules, storedLog } from '../../test/support/stored-log.ts'
import { defaultLogPolicy } from './log-policy.ts'
import { PartitionLog } from './partition-log.ts'
import { recordsOf } from './records.ts'

const nowMs = 1_700_000_000_000

/** A compacted log in which every batch is a segment. */
function setUp(over: Partial<typeof defaultLogPolicy> = {}) {
  const policy = { ...defaultLogPolicy, compacts: true, minCleanableDirtyRatio: 0, segmentMs: 0, ...over }
  const log = new PartitionLog({ policy: () => policy })
  let at = nowMs
  const send = (records: readonly TestRecord[], attributes = 0) =>
    log.append(recordBatch(records, { baseTimestamp: ++at, attributes }), 0, rules, at)
  const offsets = () => [...log.batches()].flatMap(({ bytes }) => recordsOf(bytes)).map(({ offset }) => offset)
  return { log, send, offsets, end: () => send([{ key: 'end' }]) }
}

const transactional = 0x10

it('leaves the records of transactions alone, for it does not know how those ended', async () => {
  const { log, send, offsets, end } = setUp()
  send([{ key: 'a', value: 'valid' }])
  send([{ key: 'a', value: 'aborted, perhaps' }], transactional)
  send([{ key: 'b', value: 'old' }])
  send([{ key: 'b', value: 'new' }])
  end()
  await log.compact(nowMs)
  expect(offsets()).toEqual([0n, 1n, 3n, 4n])
})

it('never touches the active segment', async () => {
  const { log, send, offsets } = setUp()
  send([{ key: 'a' }])
  send([{ key: 'a' }])
  await log.compact(nowMs)
  expect(offsets()).toEqual([0n, 1n])
})

it('leaves young records alone, and those before them that only they supersede', async () => {
  const { log, send, offsets, end } = setUp({ minCompactionLagMs: 1_000 })
  send([{ key: 'a' }])
  send([{ key: 'a' }])
  end()
  await log.compact(nowMs + 500)
  expect(offsets()).toEqual([0n, 1n, 2n])
  await log.compact(nowMs + 2_000)
  expect(offsets()).toEqual([1n, 2n])
})

it('waits until enough is new', async () => {
  const { log, send, offsets, end } = setUp({ minCleanableDirtyRatio: 0.5 })
  for (const key of ['a', 'b', 'c', 'd']) send([{ key }])
  end()
  await log.compact(nowMs)
  send([{ key: 'a' }])
  end()
  await log.compact(nowMs)
  expect(offsets()).toContain(0n)
  for (const key of ['b', 'c', 'd']) send([{ key }])
  end()
  await log.compact(nowMs)
  expect(offsets()).not.toContain(0n)
})

it('gives up what retention removes meanwhile', async () => {
  using directory = scratchDirectory()
  const policy = { ...defaultLogPolicy, compacts: true, minCleanableDirtyRatio: 0, segmentMs: 0 }
  const { log, close } = storedLog(directory.path, policy)
  const large = 'x'.repeat(600_000)
  for (let index = 0; index < 7; index++)
    log.append(recordBatch([{ key: `${index}`, value: large }], { baseTimestamp: nowMs + index }), 0, rules, nowMs)
  for (const turns of [0, 1, 2, 3]) {
    const compacting = log.compact(nowMs)
    for (let turn = 0; turn < turns; turn++) await settle()
    log.deleteBefore(log.startOffset + 1n)
    await compacting
  }
  const offsets = [...log.batches()].flatMap(({ bytes }) => recordsOf(bytes)).map(({ offset }) => offset)
  expect(offsets).toEqual([4n, 5n, 6n])
  await close()
})
