/** Kafka's own command-line tools, on this broker and on Apache Kafka: they print the same. Everything else that Java's client does is in the table of clients. */
import { expect, it } from 'vitest'
import { startEmbeddedKafka } from '../src/index.ts'
import { kafkaJs } from './clients/kafkajs.ts'
import { comparison } from './support/comparison.ts'
import { type Check, checks } from './tools/checks.ts'
import { CommandLine } from './tools/command-line.ts'

const real = process.env['TRIBUTARY_REAL_KAFKA']?.split(',')[0]

// Each call starts a virtual machine, which takes seconds on a busy machine.
it.each(Object.entries(checks))('%s', { ...comparison, timeout: 240_000 }, async (tool, check) => {
  if (!real) throw new Error('there is no broker to compare with: set TRIBUTARY_REAL_KAFKA to host:port')
  // As the real cluster is configured, where that is not Kafka's default.
  await using kafka = await startEmbeddedKafka({ autoCreateTopics: false, defaultPartitions: 3 })
  const [theirs, ours] = await Promise.all([
    printedOn(real, tool, check),
    printedOn(kafka.bootstrapServers[0] ?? '', tool, check),
  ])
  expect({ kafka: theirs, embedded: ours }).toEqual({ kafka: check.expected, embedded: check.expected })
})

async function printedOn(bootstrap: string, tool: string, check: Check): Promise<unknown> {
  await using tools = new CommandLine(bootstrap)
  const driver = await kafkaJs.start(bootstrap)
  try {
    return await check.run(tools, driver, `${tool}-${crypto.randomUUID().slice(0, 8)}`)
  } finally {
    await driver.close()
  }
}
