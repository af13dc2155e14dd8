import { describe, expect, it } from 'vitest'
import {
  ClusterUnavailableError,
  PublishTimeoutError,
  RecordTooLargeError,
  TopicNotFoundError,
} from '../../src/errors.ts'
import { BatcherBench } from '../support/batcher-bench.ts'
import { type Append, refuseLargerThan } from '../support/scripted-producer.ts'

const acknowledge = (append: Append): void => append.acknowledge()

function valuesOf(append: Append | undefined): string[] {
  return append?.records.map(({ value }) => String(value)) ?? []
}

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

describe('a full buffer', () => {
  it('lets calls in one after the other as room comes back', async () => {
    const bench = new BatcherBench({ maxBufferedRecords: 2 })
    const calls = ['a', 'b', 'c', 'd', 'e'].map((value) => bench.submit([value]))
    await bench.clock.settle()
    expect(bench.producer.appends.map(valuesOf)).toEqual([['a', 'b']])
    bench.producer.answer = acknowledge
    bench.producer.appends[0]?.acknowledge()
    await bench.clock.settle()
    expect(calls.map(({ summary }) => summary)).toEqual(calls.map(() => ['written']))
    expect(bench.producer.log.get('orders[0]')).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  it('takes a list that is larger than itself piece by piece', async () => {
    const bench = new BatcherBench({ maxBufferedRecords: 3 })
    const sizes: number[] = []
    bench.producer.answer = (append) => {
      sizes.push(append.records.length)
      append.acknowledge()
    }
    const values = Array.from({ length: 10 }, (_, i) => String(i))
    const call = bench.submit(values)
    await bench.clock.settle()
    expect(call.completed).toBe(1)
    expect(sizes).toEqual([3, 3, 3, 1])
    expect(bench.producer.log.get('orders[0]')).toEqual(values)
  })

  it('takes a record larger than itself when it is empty', async () => {
    const bench = new BatcherBench({ maxBufferedBytes: 100 })
    bench.producer.answer = acknowledge
    const call = bench.submit(['x'.repeat(1_000)])
    await bench.clock.settle()
    expect(call.summary).toEqual(['written'])
  })

  it('makes a publish fail as not written when no room comes within its deadline', async () => {
    const bench = new BatcherBench({ maxBufferedRecords: 1 })
    bench.submit(['a'])
    const late = bench.submit(['b'], { timeoutMs: 1_000 })
    await bench.clock.advance(999)
    expect(late.summary).toEqual(['pending'])
    await bench.clock.advance(10)
    expect(late.summary).toEqual(['PUBLISH_TIMEOUT not-written'])
  })

  it('lets the next in line in when the one before gives up', async () => {
    const bench = new BatcherBench({ maxBufferedBytes: 500 })
    const abort = new AbortController()
    bench.submit(['a'])
    await bench.clock.settle()
    bench.submit(['x'.repeat(480)], { signal: abort.signal })
    const next = bench.submit(['b'])
    await bench.clock.settle()
    expect(next.summary).toEqual(['pending'])
    abort.abort()
    bench.producer.answer = acknowledge
    bench.producer.appends[0]?.acknowledge()
    await bench.clock.settle()
    expect(next.summary).toEqual(['written'])
  })

  it('gets back the room of aborted records although their partition does not move', async () => {
    const bench = new BatcherBench({ maxBufferedRecords: 3 })
    bench.producer.partitions = 8
    const abort = new AbortController()
    bench.submit(['in flight'], { key: 'a' })
    await bench.clock.settle()
    bench.submit(['b', 'c'], { key: 'a', signal: abort.signal })
    bench.submit(['d'], { key: 'abc' })
    await bench.clock.settle()
    expect(bench.producer.appends.map(valuesOf)).toEqual([['in flight']])
    abort.abort()
    await bench.clock.settle()
    expect(bench.producer.appends.map(valuesOf)).toEqual([['in flight'], ['d']])
  })
})

describe('giving up', () => {
  it('before the batch was sent leaves nothing on the log', async () => {
    const bench = new BatcherBench()
    const abort = new AbortController()
    bench.submit(['a'])
    await bench.clock.settle()
    const aborted = bench.submit(['b'], { signal: abort.signal })
    bench.submit(['c'])
    abort.abort()
    expect(aborted.summary).toEqual(['PUBLISH_ABORTED not-written'])
    bench.producer.answer = acknowledge
    bench.producer.appends[0]?.acknowledge()
    await bench.clock.settle()
    expect(bench.producer.log.get('orders[0]')).toEqual(['a', 'c'])
  })

  it('after the batch was sent says that the outcome is unknown, and the late answer changes nothing', async () => {
    const bench = new BatcherBench()
    const abort = new AbortController()
    const call = bench.submit(['a'], { signal: abort.signal })
    await bench.clock.settle()
    abort.abort()
    expect(call.summary).toEqual(['PUBLISH_ABORTED unknown'])
    bench.producer.appends[0]?.acknowledge()
    await bench.clock.settle()
    expect(call.fates).toHaveLength(1)
    expect(call.fates[0]).toHaveLength(1)
    expect(call.completed).toBe(1)
  })

  it('with a signal that has aborted already sends nothing', async () => {
    const bench = new BatcherBench()
    const call = bench.submit(['a'], { signal: AbortSignal.abort() })
    expect(call.summary).toEqual(['PUBLISH_ABORTED not-written'])
    await bench.clock.settle()
    expect(bench.producer.appends).toEqual([])
  })

  it('at the deadline says unknown for what was sent, and takes no neighbour with it', async () => {
    const bench = new BatcherBench()
    const hasty = bench.submit(['a'], { timeoutMs: 100 })
    const patient = bench.submit(['b'], { timeoutMs: 5_000 })
    await bench.clock.advance(200)
    expect(hasty.summary).toEqual(['PUBLISH_TIMEOUT unknown'])
    bench.producer.appends[0]?.acknowledge()
    await bench.clock.settle()
    expect(patient.summary).toEqual(['written'])
  })

  it('removes its listener from the signal when the call is over', async () => {
    const bench = new BatcherBench()
    bench.producer.answer = acknowledge
    const abort = new AbortController()
    let listeners = 0
    const { addEventListener, removeEventListener } = abort.signal
    abort.signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listeners += 1
      addEventListener.apply(abort.signal, args)
    }
    abort.signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listeners -= 1
      removeEventListener.apply(abort.signal, args)
    }
    bench.submit(['a'], { signal: abort.signal })
    expect(listeners).toBe(1)
    await bench.clock.settle()
    expect(listeners).toBe(0)
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

describe('a topic', () => {
  it('that does not exist fails its records at once, and is asked for again by the next publish', async () => {
    const bench = new BatcherBench()
    bench.producer.answer = acknowledge
    bench.producer.partitionCountError = new TopicNotFoundError('unknown topic', { outcome: 'not-written' })
    const early = bench.submit(['a'])
    await bench.clock.settle()
    expect(early.summary).toEqual(['TOPIC_NOT_FOUND not-written'])
    bench.producer.partitionCountError = null
    const later = bench.submit(['b'])
    await bench.clock.settle()
    expect(later.summary).toEqual(['written'])
  })

  it('that cannot be asked for now keeps its records in order until it can', async () => {
    const bench = new BatcherBench()
    bench.producer.answer = acknowledge
    bench.producer.partitionCountError = new ClusterUnavailableError('nobody answers')
    bench.submit(['a'])
    await bench.clock.advance(500)
    bench.submit(['b'])
    bench.producer.partitionCountError = null
    await bench.clock.advance(2_000)
    expect(bench.producer.log.get('orders[0]')).toEqual(['a', 'b'])
  })

  it('that cannot be asked for in time fails its records as not written', async () => {
    const bench = new BatcherBench()
    bench.producer.partitionCountError = new ClusterUnavailableError('nobody answers')
    const call = bench.submit(['a'], { timeoutMs: 3_000 })
    await bench.clock.advance(3_010)
    expect(call.summary).toEqual(['PUBLISH_TIMEOUT not-written'])
  })

  it('is asked for its partitions again after a while, and new ones are used', async () => {
    const bench = new BatcherBench({ partitionRefreshMs: 60_000 })
    bench.producer.answer = acknowledge
    bench.submit(['a'], { key: 'abc' })
    await bench.clock.settle()
    bench.producer.partitions = 1_000
    await bench.clock.advance(60_000)
    bench.submit(['b'], { key: 'abc' })
    await bench.clock.settle()
    bench.submit(['c'], { key: 'abc' })
    await bench.clock.settle()
    expect(bench.producer.partitionCountCalls).toBe(2)
    // murmur2('abc') = 479470107
    expect([...bench.producer.log.keys()]).toEqual(['orders[0]', 'orders[107]'])
  })

  it('gets keyless records in runs that move over all its partitions', async () => {
    const bench = new BatcherBench()
    bench.producer.partitions = 3
    bench.producer.answer = acknowledge
    for (let round = 0; round < 3; round++) {
      bench.submit(['a', 'b'], { key: null })
      await bench.clock.settle()
    }
    expect([...bench.producer.log.values()]).toEqual([
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b'],
    ])
  })
})

describe('flush and close', () => {
  it('flush waits for what was published before it, and for nothing after', async () => {
    const bench = new BatcherBench()
    let isFlushed = false
    bench.submit(['a'])
    await bench.clock.settle()
    const flushed = bench.batcher.flush().then(() => {
      isFlushed = true
    })
    bench.submit(['b'])
    await bench.clock.settle()
    expect(isFlushed).toBe(false)
    bench.producer.appends[0]?.acknowledge()
    await flushed
    expect(bench.producer.appends.map(valuesOf)).toEqual([['b']])
  })

  it('close completes what waits for room, refuses what is new, and closes the producer last', async () => {
    const bench = new BatcherBench({ maxBufferedRecords: 1 })
    const calls = ['a', 'b', 'c'].map((value) => bench.submit([value]))
    const closed = bench.batcher.close()
    expect(() => bench.submit(['d'])).toThrow(expect.objectContaining({ code: 'BUS_CLOSED', outcome: 'not-written' }))
    expect(bench.producer.isClosed).toBe(false)
    bench.producer.answer = acknowledge
    await bench.clock.settle()
    bench.producer.appends[0]?.acknowledge()
    await closed
    expect(bench.producer.isClosed).toBe(true)
    expect(calls.flatMap(({ summary }) => summary)).toEqual(['written', 'written', 'written'])
  })

  it('close is one promise for all who ask', () => {
    const bench = new BatcherBench()
    expect(bench.batcher.close()).toBe(bench.batcher.close())
  })
})
