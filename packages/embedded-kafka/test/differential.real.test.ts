/** The same requests to this broker and to a real one. Where the answers differ, this broker is wrong. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type EmbeddedKafka, startEmbeddedKafka } from '../src/index.ts'
import { differences } from './differential/differences.ts'
import { fetching } from './differential/fetch.ts'
import { oneMember, silentMembers, staticMembers, twoMembers } from './differential/groups.ts'
import { appendTime, idempotence, produceBatches } from './differential/produce.ts'
import { type Scenario, Session, type Step } from './differential/session.ts'
import { configs, topics } from './differential/topics.ts'
import { malformedFrames } from './differential/wire.ts'

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
}

let embedded: EmbeddedKafka

beforeAll(async () => {
  // As the real cluster is configured, where that is not Kafka's default.
  embedded = await startEmbeddedKafka({ autoCreateTopics: false, defaultPartitions: 3, warn: () => {} })
})

afterAll(() => embedded.close())

async function run(scenario: Scenario, address: string | undefined, suffix: string): Promise<Step[]> {
  if (!address) throw new Error('there is no broker to compare with: set TRIBUTARY_REAL_KAFKA to host:port')
  using session = new Session(address, suffix)
  await scenario(session)
  return session.steps
}

describe('real Kafka and this broker answer the same', () => {
  it.each(Object.entries(scenarios))('%s', async (_name, scenario) => {
    const suffix = crypto.randomUUID().slice(0, 8)
    const [theirs, ours] = await Promise.all([
      run(scenario, process.env['TRIBUTARY_REAL_KAFKA']?.split(',')[0], suffix),
      run(scenario, embedded.bootstrapServers[0], suffix),
    ])
    expect(differences(theirs, ours)).toEqual([])
  })
})
