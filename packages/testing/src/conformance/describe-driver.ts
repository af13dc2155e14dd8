import { afterAll, afterEach, beforeAll, beforeEach, describe, expect } from 'vitest'
import { adminTests } from './admin-tests.ts'
import { closeTests } from './close-tests.ts'
import { commitTests } from './commit-tests.ts'
import { consumeTests } from './consume-tests.ts'
import { DriverBench, type DriverFeature, type DriverHarness } from './driver-bench.ts'
import { groupTests } from './group-tests.ts'
import { produceTests } from './produce-tests.ts'

export interface DescribeDriverOptions {
  /** Names the suite: `kafkajs on Kafka 4.3, three brokers`. */
  readonly name: string
  /** Starts or finds the cluster, once for the suite. */
  readonly create: () => Promise<DriverHarness> | DriverHarness
  /** What the cluster can do to itself: tests that need more are not there. @defaultValue none */
  readonly features?: readonly DriverFeature[]
  /** Replication factor of the suite's topics. @defaultValue -1, the broker's default */
  readonly replicationFactor?: number
}

/**
 * The conformance suite of the driver port, for vitest. What a driver passes here, the bus may rely on; the in-memory driver passes it too, so
 * what is tested on that one holds for the others. Every test has topics and groups of its own: a long-lived cluster may be used.
 */
export function describeDriver({ name, create, features = [], replicationFactor = -1 }: DescribeDriverOptions): void {
  describe(`driver conformance: ${name}`, { timeout: 60_000 }, () => {
    let harness: DriverHarness | undefined
    let current: DriverBench | undefined
    const available = new Set(features)
    const bench = (): DriverBench => {
      if (!current) throw new Error('the bench exists while a test runs')
      return current
    }

    beforeAll(async () => {
      harness = await create()
    }, 120_000)
    afterAll(() => harness?.close(), 60_000)
    beforeEach(() => {
      if (harness) current = new DriverBench(harness, replicationFactor)
    })
    afterEach(async () => {
      const violations = await bench().close()
      expect(violations, 'promises of the driver port that were broken meanwhile').toEqual([])
    }, 30_000)

    describe('produce', () => produceTests(bench))
    describe('consume', () => consumeTests(bench, available))
    describe('groups', () => groupTests(bench, available))
    describe('commits', () => commitTests(bench))
    describe('admin', () => adminTests(bench))
    describe('close', () => closeTests(bench))
  })
}
