import { describe, expect, it } from 'vitest'
import { BatcherBench } from '../support/batcher-bench.ts'
import { acknowledge } from '../support/scripted-producer.ts'

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
