import { describe, expect, it } from 'vitest'
import { ClusterUnavailableError, TopicNotFoundError } from '../../src/errors.ts'
import { BatcherBench } from '../support/batcher-bench.ts'
import { acknowledge } from '../support/scripted-producer.ts'

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
