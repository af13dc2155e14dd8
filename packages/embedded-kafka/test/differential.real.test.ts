/** The same requests to this broker and to a real one. Where the answers differ, this broker is wrong. */
import { describe, expect, it } from 'vitest'
import { type EmbeddedKafka, startEmbeddedKafka } from '../src/index.ts'
import { administeredTransactions } from './differential/administered-transactions.ts'
import {
  consumerGroup,
  consumerGroupOffsets,
  consumerGroupRefusals,
  consumerGroupStatic,
  consumerGroupTopics,
} from './differential/consumer-groups.ts'
import { differences } from './differential/differences.ts'
import { fetching } from './differential/fetch.ts'
import { oneMember, silentMembers, staticMembers, twoMembers } from './differential/groups.ts'
import { logDirs } from './differential/log-dirs.ts'
import { newestGroups, newestStaticLeader } from './differential/newest-groups.ts'
import { newestRecords, newestTopics } from './differential/newest-topics.ts'
import { appendTime, idempotence, produceBatches } from './differential/produce.ts'
import { sasl, saslUsers } from './differential/sasl.ts'
import { type Scenario, Session, type Step } from './differential/session.ts'
import { configs, topics } from './differential/topics.ts'
import { transactionalOffsets } from './differential/transactional-offsets.ts'
import {
  batchedPartitions,
  classicTransactions,
  newTransactions,
  timedOutTransactions,
} from './differential/transactions.ts'
import { apiVersions, malformedFrames } from './differential/wire.ts'
import { wrongBroker } from './differential/wrong-broker.ts'
import { zeroTopicIds } from './differential/zero-ids.ts'
import { comparison } from './support/comparison.ts'

const scenarios = {
  topics,
  configs,
  produceBatches,
  idempotence,
  appendTime,
  fetching,
  oneMember,
  twoMembers,
  staticMembers,
  silentMembers,
  malformedFrames,
  apiVersions,
  newestTopics,
  newestRecords,
  newestGroups,
  newestStaticLeader,
  consumerGroup,
  consumerGroupRefusals,
  consumerGroupStatic,
  consumerGroupTopics,
  consumerGroupOffsets,
  classicTransactions,
  batchedPartitions,
  newTransactions,
  transactionalOffsets,
  timedOutTransactions,
  administeredTransactions,
  zeroTopicIds,
  logDirs,
}

// As the real clusters are configured, where that is not Kafka's default.
const likeReal = { autoCreateTopics: false, defaultPartitions: 3, warn: () => {} }

async function run(scenario: Scenario, addresses: string | undefined, suffix: string): Promise<Step[]> {
  if (!addresses)
    throw new Error('there is no broker to compare with: set TRIBUTARY_REAL_KAFKA and _KAFKA3 to host:port')
  using session = new Session(addresses.split(',')[0] ?? '', suffix)
  await scenario(session)
  return session.steps
}

async function compare(scenario: Scenario, realAddresses: string | undefined, embedded: EmbeddedKafka): Promise<void> {
  const suffix = crypto.randomUUID().slice(0, 8)
  const [theirs, ours] = await Promise.all([
    run(scenario, realAddresses, suffix),
    run(scenario, embedded.bootstrapServers[0], suffix),
  ])
  expect(differences(theirs, ours)).toEqual([])
}

describe('real Kafka and this broker answer the same', comparison, () => {
  it.each(Object.entries(scenarios))('%s', async (_name, scenario) => {
    await using embedded = await startEmbeddedKafka(likeReal)
    await compare(scenario, process.env['TRIBUTARY_REAL_KAFKA'], embedded)
  })

  it('sasl, at a listener that asks for it', async () => {
    const mechanisms = ['PLAIN', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const
    const offered = { users: saslUsers, validateToken: () => null, mechanisms }
    await using embedded = await startEmbeddedKafka({ ...likeReal, sasl: offered })
    await compare(sasl, process.env['TRIBUTARY_REAL_KAFKA_SASL'], embedded)
  })

  it('wrongBroker, of three', async () => {
    await using embedded = await startEmbeddedKafka({ ...likeReal, brokers: 3 })
    await compare(wrongBroker, process.env['TRIBUTARY_REAL_KAFKA3'], embedded)
  })
})
