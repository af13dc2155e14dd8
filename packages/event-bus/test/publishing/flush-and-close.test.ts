import { describe, expect, it } from 'vitest'
import { BatcherBench } from '../support/batcher-bench.ts'
import { acknowledge, valuesOf } from '../support/scripted-producer.ts'

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
