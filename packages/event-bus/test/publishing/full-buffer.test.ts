import { describe, expect, it } from 'vitest'
import { BatcherBench } from '../support/batcher-bench.ts'
import { acknowledge, valuesOf } from '../support/scripted-producer.ts'

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
