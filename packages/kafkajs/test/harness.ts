import type { DriverHarness } from '@tributary/testing/conformance'
import kafkajsLibrary from 'kafkajs'
import { GroupClient } from '../src/consuming/group-client.ts'
import { type KafkajsOptions, kafkajs } from '../src/index.ts'
import { settingsFrom } from '../src/settings.ts'
import { Cluster } from '../src/wire/cluster.ts'

/** The conformance suite's way to a cluster of any kind; what the driver port cannot do to a cluster is done beside it. */
export function harnessFor(brokers: readonly string[], close: () => Promise<void>): DriverHarness {
  const options: KafkajsOptions = { brokers, metadataMaxAgeMs: 500 }
  return {
    driver: () => kafkajs(options),
    async expireMember(group, memberId) {
      const cluster = new Cluster(settingsFrom(options), 'expire-member')
      const client = new GroupClient(cluster, { ...anyGroup, group })
      await client.leave(memberId)
      cluster.close()
    },
    async truncateBefore({ topic, partition }, offset) {
      const { Kafka, logLevel } = kafkajsLibrary
      const admin = new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING }).admin()
      await admin.connect()
      await admin.fetchTopicOffsets(topic) // it deletes only in topics it has asked about before
      await admin.deleteTopicRecords({ topic, partitions: [{ partition, offset: String(offset) }] })
      await admin.disconnect()
    },
    close,
  }
}

const anyGroup = {
  topics: [],
  sessionTimeoutMs: 10_000,
  heartbeatIntervalMs: 1_000,
  rebalanceTimeoutMs: 10_000,
  drainMs: 1_000,
  maxWaitMs: 500,
  maxBytes: 1_048_576,
  maxBytesPerPartition: 1_048_576,
}
