import { describe, expect, it } from 'vitest'
import { PublishTimeoutError, RecordTooLargeError } from '../../src/errors.ts'
import { BatcherBench } from '../support/batcher-bench.ts'
import { type Append, acknowledge, refuseLargerThan, valuesOf } from '../support/scripted-producer.ts'

describe('batches', () => {
  it('take what is published in one go, without waiting for a timer', async () => {
    const bench = new BatcherBench()
    bench.submit(['a'])
    bench.submit(['b', 'c'])
    await bench.clock.settle()
    expect(bench.producer.appends.map(valuesOf)).toEqual([['a', 'b', 'c']])
  })

  it('gather while one is in flight, and go one at a time', async () => {
    const bench = new BatcherBench()
    const first = bench.submit(['a'])
    await bench.clock.settle()
    bench.submit(['b'])
    bench.submit(['c'])
    await bench.clock.settle()
    expect(bench.producer.appends.map(valuesOf)).toEqual([['a']])

    bench.producer.appends[0]?.acknowledge()
    await bench.clock.settle()
    expect(first.summary).toEqual(['written'])
    expect(bench.producer.appends.map(valuesOf)).toEqual([['b', 'c']])
  })

  it('of different partitions are in flight at the same time', async () => {
    const bench = new BatcherBench()
    bench.producer.partitions = 8
    bench.submit(['a'], { key: 'a' })
    bench.submit(['b'], { key: 'abc' })
    await bench.clock.settle()
    expect(bench.producer.appends.map(({ partition }) => partition)).toHaveLength(2)
  })

  it('respect both limits, and a larger record travels alone', async () => {
    const bench = new BatcherBench({ maxBatchBytes: 300, maxBatchRecords: 3 })
    const sizes: number[] = []
    bench.producer.answer = (append) => {
      sizes.push(append.records.length)
      append.acknowledge()
    }
    bench.submit(['1', '2', '3', '4', 'x'.repeat(1_000), 'y'.repeat(150), 'z'.repeat(150)])
    await bench.clock.settle()
    expect(sizes).toEqual([3, 1, 1, 1, 1])
  })

  it('are given the longest deadline of their records, less what the answer needs to be in time', async () => {
    const bench = new BatcherBench()
    bench.submit(['a'], { timeoutMs: 1_000 })
    bench.submit(['b'], { timeoutMs: 9_000 })
    await bench.clock.settle()
    expect(bench.producer.appends[0]?.timeoutMs).toBe(8_750)
  })
})

describe('a batch that is too large for the broker', () => {
  it('is halved until only the culprit fails, in the order of the calls', async () => {
    const bench = new BatcherBench()
    bench.producer.answer = refuseLargerThan(10)
    const call = bench.submit(['1', '2', 'far too large', '3', '4', '5'])
    await bench.clock.settle()
    expect(call.summary).toEqual([
      'written',
      'written',
      'RECORD_TOO_LARGE not-written',
      'written',
      'written',
      'written',
    ])
    expect(bench.producer.log.get('orders[0]')).toEqual(['1', '2', '3', '4', '5'])
  })

  it('makes the next batches smaller', async () => {
    const bench = new BatcherBench()
    let refusals = 0
    bench.producer.answer = (append) => {
      const before = bench.producer.log.get('orders[0]')?.length ?? 0
      refuseLargerThan(400)(append)
      if (before === (bench.producer.log.get('orders[0]')?.length ?? 0)) refusals += 1
    }
    const values = Array.from({ length: 8 }, () => 'x'.repeat(100))
    bench.submit(values)
    await bench.clock.settle()
    expect(refusals).toBe(1)
    bench.submit(values)
    await bench.clock.settle()
    expect(refusals).toBe(1)
  })

  // Sent once and its answer lost, then refused by a new leader with a smaller limit: the halves could be on the log a second time.
  it('is not sent again in halves when it may be on the log', async () => {
    const bench = new BatcherBench()
    const call = bench.submit(['1', '2'])
    await bench.clock.settle()
    bench.producer.appends[0]?.fail(new RecordTooLargeError('batch too large', { outcome: 'unknown' }))
    await bench.clock.settle()
    expect(bench.producer.appends).toEqual([])
    expect(call.summary).toEqual(['RECORD_TOO_LARGE unknown', 'RECORD_TOO_LARGE unknown'])
  })

  it('forgets records whose caller gave up before it was halved', async () => {
    const bench = new BatcherBench()
    const abort = new AbortController()
    const kept = bench.submit(['kept'])
    const aborted = bench.submit(['aborted'], { signal: abort.signal })
    const large = bench.submit(['too large'])
    await bench.clock.settle()
    abort.abort()
    expect(aborted.summary).toEqual(['PUBLISH_ABORTED unknown'])
    refuseLargerThan(8)(bench.producer.appends[0] as Append)
    bench.producer.answer = refuseLargerThan(8)
    await bench.clock.settle()
    expect(kept.summary).toEqual(['written'])
    expect(large.summary).toEqual(['RECORD_TOO_LARGE not-written'])
    expect(bench.producer.log.get('orders[0]')).toEqual(['kept'])
  })
})

describe('limits that make no sense', () => {
  it('still let one record through at a time', async () => {
    const bench = new BatcherBench({ maxBatchRecords: 0, maxBatchBytes: 0, maxBufferedBytes: 0, maxBufferedRecords: 0 })
    bench.producer.answer = acknowledge
    const call = bench.submit(['a', 'b'])
    await bench.clock.settle()
    expect(call.summary).toEqual(['written', 'written'])
  })
})

describe('a failed append', () => {
  it('is told as the driver knows it, when nobody answered within the deadline', async () => {
    const bench = new BatcherBench()
    bench.producer.answer = (append) => {
      bench.clock.setTimer(
        () => append.fail(new PublishTimeoutError('no broker', { outcome: 'not-written' })),
        append.timeoutMs,
      )
    }
    const call = bench.submit(['a'], { timeoutMs: 1_000 })
    await bench.clock.advance(1_000)
    expect(call.summary).toEqual(['PUBLISH_TIMEOUT not-written'])
  })

  it('fails its records and lets the next ones through', async () => {
    const bench = new BatcherBench()
    const first = bench.submit(['a'])
    await bench.clock.settle()
    const second = bench.submit(['b'])
    bench.producer.appends[0]?.fail(new PublishTimeoutError('no answer', { outcome: 'unknown' }))
    await bench.clock.settle()
    expect(first.summary).toEqual(['PUBLISH_TIMEOUT unknown'])
    bench.producer.appends[0]?.acknowledge()
    await bench.clock.settle()
    expect(second.summary).toEqual(['written'])
  })

  it('with an error that is not of the port claims nothing about the log', async () => {
    const bench = new BatcherBench()
    const call = bench.submit(['a'])
    await bench.clock.settle()
    bench.producer.appends[0]?.fail(new TypeError('a fault in the driver'))
    await bench.clock.settle()
    expect(call.summary).toEqual(['WRITE_REFUSED unknown'])
  })
})
