import fc from 'fast-check'
import { expect, it } from 'vitest'
import { PublishTimeoutError, RecordTooLargeError } from '../../src/errors.ts'
import { BatcherBench, type ObservedCall } from '../support/batcher-bench.ts'

const brokerLimit = 40
const maxBufferedRecords = 6

/** What a schedule is made of. Numbers pick among what there is at that moment. */
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constant('publish' as const),
      sizes: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }),
      key: fc.nat(3),
    }),
  },
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('answer' as const), pick: fc.nat(), fail: fc.integer({ min: 0, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('abort' as const), pick: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 4_000 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('breathe' as const) }) },
)

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never

interface Published {
  readonly values: readonly string[]
  readonly key: string
  readonly call: ObservedCall
  readonly abort: AbortController
}

class Run {
  readonly bench = new BatcherBench({ maxBufferedRecords, maxBatchBytes: 400, maxBatchRecords: 4 })
  readonly published: Published[] = []
  #nextValue = 0

  constructor() {
    this.bench.producer.partitions = 3
  }

  async take(step: Step): Promise<void> {
    if (step.do === 'publish') this.#publish(step.sizes, `key-${step.key}`)
    else if (step.do === 'answer') this.#answer(step.pick, step.fail)
    else if (step.do === 'abort') this.published[step.pick % Math.max(1, this.published.length)]?.abort.abort()
    else if (step.do === 'advance') await this.bench.clock.advance(step.ms)
    else await this.bench.clock.settle()
    const inFlight = this.bench.producer.appends.reduce((sum, { records }) => sum + records.length, 0)
    expect(inFlight).toBeLessThanOrEqual(maxBufferedRecords)
  }

  /** Lets everything come to its end. */
  async finish(): Promise<void> {
    const closed = this.bench.batcher.close()
    for (let i = 0; i < 1_000 && !this.bench.producer.isClosed; i++) {
      await this.bench.clock.settle()
      this.#answer(0, 0)
    }
    await closed
  }

  #publish(sizes: readonly number[], key: string): void {
    const values = sizes.map((size) => `${this.#nextValue++}`.padEnd(size, '.'))
    const abort = new AbortController()
    const call = this.bench.submit(values, { key, timeoutMs: 5_000, signal: abort.signal })
    this.published.push({ values, key, call, abort })
  }

  #answer(pick: number, fail: number): void {
    const { appends } = this.bench.producer
    const append = appends[pick % Math.max(1, appends.length)]
    if (append === undefined) return
    const bytes = append.records.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)
    if (bytes > brokerLimit) append.fail(new RecordTooLargeError('too large', { outcome: 'not-written' }))
    else if (fail === 1) append.fail(new PublishTimeoutError('no answer', { outcome: 'unknown' }))
    else append.acknowledge()
  }
}

it('settles each record once, keeps the order of each key, and says the truth about the log, whatever happens', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const run = new Run()
      for (const step of steps) await run.take(step)
      await run.finish()

      const log = [...run.bench.producer.log.values()].flat()
      expect(new Set(log).size).toBe(log.length)
      for (const { values, call } of run.published) {
        expect(call.completed).toBe(1)
        values.forEach((value, index) => {
          const [fate, ...more] = call.fates[index] ?? []
          expect(more).toEqual([])
          if (fate === undefined) throw new Error(`nobody was told about ${value}`)
          if (!('code' in fate)) expect(log).toContain(value)
          else if (fate.outcome === 'not-written') expect(log).not.toContain(value)
          if ('code' in fate && fate.code === 'RECORD_TOO_LARGE') expect(value.length).toBeGreaterThan(brokerLimit)
        })
      }
      const keys = new Set(run.published.map(({ key }) => key))
      for (const key of keys) {
        const inOrderOfCalls = run.published.filter((call) => call.key === key).flatMap(({ values }) => values)
        const written = log.filter((value) => inOrderOfCalls.includes(value))
        expect(written).toEqual(inOrderOfCalls.filter((value) => log.includes(value)))
      }
    }),
    { numRuns: 300 },
  )
})
