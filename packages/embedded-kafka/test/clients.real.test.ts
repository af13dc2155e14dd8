/**
 * Every client of the list runs every scenario against this broker and against Apache Kafka. The table at the end is the result; a client alone:
 * `vitest run --config vitest.real.config.ts packages/embedded-kafka/test/clients.real.test.ts -t java-tools`.
 */
import { afterAll, describe, expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { clients } from './clients/clients.ts'
import { runOn, table, type Verdict, verdictOn } from './clients/compare.ts'
import { scenarios } from './clients/scenarios.ts'

const real = process.env['TRIBUTARY_REAL_KAFKA']?.split(',')[0]
const verdicts = new Map<string, Map<string, Verdict>>()

afterAll(() => {
  console.log(table(Object.keys(scenarios), verdicts))
})

// A tool that is a process for each call takes seconds for what a library does in milliseconds.
describe.each(clients.map((client) => [client.name, client] as const))('%s', { timeout: 240_000 }, (name, client) => {
  const verdictsOfClient = new Map<string, Verdict>()
  verdicts.set(name, verdictsOfClient)

  const own = Object.entries(scenarios).filter(([each]) => client.only?.includes(each) ?? true)
  it.each(own)('%s', async (scenarioName, scenario) => {
    if (client.cannot?.[scenarioName]) {
      verdictsOfClient.set(scenarioName, 'cannot')
      return
    }
    if (!real) throw new Error('there is no broker to compare with: set TRIBUTARY_REAL_KAFKA to host:port')
    // As the real cluster is configured, where that is not Kafka's default.
    await using kafka = await startEmbeddedKafka({ autoCreateTopics: false, defaultPartitions: 3 })
    const [theirs, ours] = await Promise.all([
      runOn(real, client, scenario),
      runOn(kafka.bootstrapServers[0] ?? '', client, scenario),
    ])
    verdictsOfClient.set(scenarioName, verdictOn(theirs, ours))
    expect({ kafka: theirs, embedded: ours }).toEqual({
      kafka: { answer: scenario.expected(client) },
      embedded: { answer: scenario.expected(client) },
    })
  })
})
