import { expect, it } from 'vitest'
import { handleBatch } from '../../src/consuming/definition/batch-handler.ts'
import type { Delivery, HandledEvent } from '../../src/consuming/delivery.ts'
import type { Chunk, RawRecord } from '../../src/driver.ts'
import { barePartition } from './bare-partition.ts'
import { ManualClock } from './manual-clock.ts'
import { orderPlaced } from './rig.ts'

it('followers of collected records are read again as far as there is room, and none is lost that finds none (I5)', async () => {
  const clock = new ManualClock()
  const registration = handleBatch(orderPlaced, { maxRecords: 100, maxWaitMs: 60_000 }, () => {})
  const keys = ['a', 'b', 'a', 'b', 'a', 'b', 'a', 'b', 'a', 'b', 'a', 'b']
  const log = keys.map(
    (key, n): RawRecord => ({ offset: BigInt(n), timestamp: 0, key: Buffer.from(key), value: null, headers: [] }),
  )
  const chunk: Chunk = {
    topic: 'orders',
    partition: 0,
    epoch: 1,
    fetchedFrom: 0n,
    nextPosition: 12n,
    highWatermark: 12n,
    records: log,
    bytes: 1_200,
  }
  const expired: bigint[] = []
  let reads = 0
  const collected: Delivery[] = []
  const collect = (): void => {
    while (run.offersWork()) {
      const next = run.ready.shift()
      if (next === undefined) return
      collected.push(next)
      run.assembly?.admit(next, { registration } as unknown as HandledEvent)
    }
  }
  const run = barePartition({
    clock,
    // Two records that were read again have room, and a third is one too many.
    maxRecords: 8,
    isOfBatches: true,
    parking: {
      readRange: async function* () {
        reads += 1
        await clock.settle()
        yield chunk
      },
      onRestored: collect,
      onExpired: (_, _key, recordOffset) => expired.push(recordOffset),
    },
  })
  const readAgain = async (): Promise<void> => {
    for (let turn = 0; turn < 20; turn += 1) await clock.settle()
  }
  run.receive(chunk)
  const heads: Delivery[] = []
  while (run.offersWork()) heads.push(...[run.ready.shift()].filter((head) => head !== undefined))
  run.parking.watch()
  await clock.advance(1_200)
  expect(run.parking.lanes.followers).toBe(10)

  for (const head of heads) run.makeReady(head)
  collect()
  await readAgain()
  expect(collected.map(({ record }) => record.offset)).toEqual([0n, 1n, 2n, 3n, 4n])
  expect(reads).toBe(2)

  for (let turn = 0; turn < 10; turn += 1) {
    for (const delivery of collected.splice(0)) run.settle(delivery)
    await readAgain()
  }
  expect(expired).toEqual([])
  expect(run.tracker.nextOffset).toBe(12n)
})
