import { afterAll, afterEach, beforeAll, beforeEach, describe } from 'vitest'
import { BusBench } from './bus-bench.ts'
import type { DescribeDriverOptions } from './describe-driver.ts'
import type { DriverHarness } from './driver-bench.ts'
import { failingTests } from './failing-tests.ts'
import { handlingTests } from './handling-tests.ts'
import { processTests } from './process-tests.ts'
import { retryTopicTests } from './retry-topic-tests.ts'

/**
 * The conformance suite of the whole bus on a driver, for vitest: publish, handle, commit; retry, dead-letter, redrive; order, hand-over, close.
 * It asserts on what is on the log and what is committed.
 */
export function describePublishSubscribe({
  name,
  create,
  replicationFactor = -1,
}: Omit<DescribeDriverOptions, 'features'>): void {
  describe(`publish and subscribe: ${name}`, { timeout: 60_000 }, () => {
    let harness: DriverHarness | undefined
    let current: BusBench | undefined
    const bench = (): BusBench => {
      if (!current) throw new Error('the bench exists while a test runs')
      return current
    }

    beforeAll(async () => {
      harness = await create()
    }, 120_000)
    afterAll(() => harness?.close(), 60_000)
    beforeEach(() => {
      if (harness) current = new BusBench(harness, replicationFactor)
    })
    afterEach(() => bench().close(), 30_000)

    handlingTests(bench)
    failingTests(bench)
    processTests(bench)
    describe('retry topics', () => retryTopicTests(bench))
  })
}
