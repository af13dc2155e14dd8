/**
 * Every client of the list runs every scenario against this broker and against Apache Kafka. The table at the end is the result; a client alone:
 * `vitest run --config vitest.real.config.ts packages/embedded-kafka/test/clients.real.test.ts -t java-client`.
 */
import { afterAll, describe, expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { absent, clients } from './clients/clients.ts'
import { runOn, verdictOn } from './clients/compare.ts'
import type { Client } from './clients/driver.ts'
import { scenarios } from './clients/scenarios.ts'
import { table, type Verdict } from './clients/table.ts'
import { comparison } from './support/comparison.ts'

const real = process.env['TRIBUTARY_REAL_KAFKA']?.split(',')[0]
const verdicts = new Map<string, Map<string, Verdict>>()

afterAll(async () => {
  for (const client of clients) await client.end?.()
  const verdictOf = ({ name }: Client, scenario: string) => verdicts.get(name)?.get(scenario)
  console.log(table(clients, Object.keys(scenarios), absent, verdictOf))
})

// A client of another language is a process, which takes seconds to start on a busy machine.
describe.each(clients.map((client) => [client.name, client] as const))(
  '%s',
  { ...comparison, timeout: 240_000 },
  (name, client) => {
    const verdictsOfClient = new Map<string, Verdict>()
    verdicts.set(name, verdictsOfClient)

    const { cannot = {}, only } = client
    const own = Object.entries(scenarios).filter(([each]) => !cannot[each] && (only?.includes(each) ?? true))
    // Those of the newer group protocol mostly wait for heartbeats, five seconds apart.
    it.each(own)('%s', { concurrent: only !== undefined }, async (scenarioName, scenario) => {
      if (!real) throw new Error('there is no broker to compare with: set TRIBUTARY_REAL_KAFKA to host:port')
      // As the real cluster is configured, where that is not Kafka's default.
      await using kafka = await startEmbeddedKafka({ autoCreateTopics: false, defaultPartitions: 3 })
      const [theirs, ours] = await Promise.all([
        runOn(real, client, scenario),
        runOn(kafka.bootstrapServers[0] ?? '', client, scenario),
      ])
      verdictsOfClient.set(scenarioName, verdictOn(theirs, ours))
      const expected = { answer: client.peculiar?.[scenarioName]?.answer ?? scenario.expected(client) }
      expect({ kafka: theirs, embedded: ours }).toEqual({ kafka: expected, embedded: expected })
    })
  },
)
