/** What each tool is asked, and prints on every broker. */
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Driver } from '../clients/driver.ts'
import { eventually, madeTopic, plain, valuesFrom } from '../clients/steps.ts'
import type { CommandLine, Tool } from './command-line.ts'
import { columns, lines } from './printed.ts'
import { transactionCheck } from './transaction-checks.ts'

export interface Check {
  /** `unique` is a name that nobody else uses; another client, `driver`, prepares what the tool is shown. */
  run(tools: CommandLine, driver: Driver, unique: string): Promise<unknown>
  readonly expected: unknown
}

export const checks: Readonly<Partial<Record<Tool, Check>>> = {
  'kafka-topics': {
    async run(tools, driver, topic) {
      const ask = async (...args: string[]) =>
        lines(await tools.run('kafka-topics', ['--topic', topic, ...args]), topic)
      const shape = ['--partitions', '1', '--replication-factor', '1', '--config', 'retention.ms=7000']
      const created = await ask('--create', ...shape)
      await eventually(() => driver.partitions(topic), 1)
      await ask('--alter', '--partitions', '2')
      await eventually(() => driver.partitions(topic), 2)
      const described = await ask('--describe')
      await ask('--delete')
      return { created, described, left: await eventually(() => driver.partitions(topic), 0) }
    },
    expected: {
      created: ['Created topic TOPIC.'],
      described: [
        'Topic: TOPIC TopicId: ID PartitionCount: 2 ReplicationFactor: 1 Configs: min.insync.replicas=1,retention.ms=7000',
        'Topic: TOPIC Partition: 0 Leader: NODE Replicas: NODE Isr: NODE Elr: LastKnownElr:',
        'Topic: TOPIC Partition: 1 Leader: NODE Replicas: NODE Isr: NODE Elr: LastKnownElr:',
      ],
      left: 0,
    },
  },

  'kafka-configs': {
    async run(tools, driver, unique) {
      const topic = await madeTopic(driver, unique, 1)
      const ask = async (...args: string[]) =>
        lines(await tools.run('kafka-configs', ['--topic', topic, ...args]), topic)
      const altered = await ask('--alter', '--add-config', 'retention.ms=9000,cleanup.policy=compact')
      await eventually(() => driver.setting(topic, 'retention.ms'), '9000')
      await ask('--alter', '--delete-config', 'cleanup.policy')
      await eventually(() => driver.setting(topic, 'cleanup.policy'), 'delete')
      return { altered, described: await ask('--describe') }
    },
    expected: {
      altered: ['Completed updating config for topic TOPIC.'],
      described: [
        'Dynamic configs for topic TOPIC are:',
        'retention.ms=9000 sensitive=false synonyms={DYNAMIC_TOPIC_CONFIG:retention.ms=9000}',
      ],
    },
  },

  'kafka-console-producer': {
    async run(tools, driver, unique) {
      const topic = await madeTopic(driver, unique, 1)
      const format = ['parse.key=true', 'parse.headers=true', 'null.marker=null']
      const properties = format.flatMap((property) => ['--reader-property', property])
      const args = ['--topic', topic, '--compression-codec', 'zstd', ...properties]
      await tools.run('kafka-console-producer', args, 'first:x,second:y\ta\tone\nnull\tnull\tnull\n')
      const print = ['offset', 'headers', 'key'].flatMap((name) => ['--formatter-property', `print.${name}=true`])
      const from = ['--partition', '0', '--offset', '0', '--max-messages', '2']
      return lines(await tools.run('kafka-console-consumer', ['--topic', topic, ...from, ...print]), topic)
    },
    expected: ['Offset:0 first:x,second:y a one', 'Offset:1 NO_HEADERS null null'],
  },

  /** In a group it commits what it printed when it ends. */
  'kafka-console-consumer': {
    async run(tools, driver, unique) {
      const topic = await madeTopic(driver, unique, 1)
      await driver.produce(topic, valuesFrom(0, 4), plain)
      const read = async (count: number) => {
        const args = ['--topic', topic, '--group', unique, '--from-beginning', '--max-messages', String(count)]
        return lines(await tools.run('kafka-console-consumer', [...args, '--isolation-level', 'read_committed']), topic)
      }
      return { first: await read(3), committed: await driver.committed(unique, topic), next: await read(1) }
    },
    expected: { first: ['v0', 'v1', 'v2'], committed: 3, next: ['v3'] },
  },

  'kafka-consumer-groups': {
    async run(tools, driver, unique) {
      const topic = await madeTopic(driver, unique, 1)
      await driver.produce(topic, valuesFrom(0, 2), plain)
      const ask = (...args: string[]) => tools.run('kafka-consumer-groups', ['--group', unique, ...args])
      const membership = ['--topic', topic, '--group', unique, '--from-beginning']
      const member = tools.start('kafka-console-consumer', [
        ...membership,
        '--command-property',
        'group.protocol=consumer',
      ])
      if (member.stdout) await once(member.stdout, 'data')
      const members = await ask('--describe', '--members', '--verbose')
      const state = await ask('--describe', '--state')
      member.kill()
      await once(member, 'exit')
      const offsets = await ask('--describe', '--offsets')
      const reset = await ask('--reset-offsets', '--to-earliest', '--all-topics', '--execute')
      await ask('--delete-offsets', '--topic', topic)
      const forgotten = await driver.committed(unique, topic)
      const named = (printed: string) => printed.replaceAll(topic, 'TOPIC')
      return {
        members: columns(named(members), 'GROUP', 'HOST', '#PARTITIONS', 'CURRENT-ASSIGNMENT', 'TARGET-ASSIGNMENT'),
        state: columns(named(state), 'GROUP', 'ASSIGNMENT-STRATEGY', 'STATE', '#MEMBERS'),
        offsets: columns(named(offsets), 'TOPIC', 'PARTITION', 'CURRENT-OFFSET', 'LOG-END-OFFSET', 'LAG'),
        reset: columns(named(reset), 'GROUP', 'TOPIC', 'PARTITION', 'NEW-OFFSET'),
        forgotten,
        deleted: lines(await ask('--delete'), topic),
      }
    },
    expected: {
      members: [['TOPIC', '/127.0.0.1', '1', 'TOPIC:0', 'TOPIC:0']],
      state: [['TOPIC', 'uniform', 'Stable', '1']],
      offsets: [['TOPIC', '0', '2', '2', '0']],
      reset: [['TOPIC', 'TOPIC', '0', '0']],
      forgotten: -1,
      deleted: ["Deletion of requested consumer groups ('TOPIC') was successful."],
    },
  },

  /** In one transaction, which ends with a marker. */
  'kafka-producer-perf-test': {
    async run(tools, driver, unique) {
      const topic = await madeTopic(driver, unique, 1)
      const load = ['--topic', topic, '--num-records', '5000', '--record-size', '100', '--throughput', '-1']
      const transaction = ['--transactional-id', unique, '--transaction-duration-ms', '600000']
      const figures = await tools.run('kafka-producer-perf-test', [...load, ...transaction])
      return { sent: /(\d+) records sent/.exec(figures)?.[1], offsets: await offsets(tools, topic) }
    },
    expected: { sent: '5000', offsets: [['TOPIC:0:0'], ['TOPIC:0:5001']] },
  },

  'kafka-consumer-perf-test': {
    async run(tools, driver, unique) {
      const topic = await madeTopic(driver, unique, 1)
      await driver.produce(topic, valuesFrom(0, 5_000), plain)
      const printed = await tools.run('kafka-consumer-perf-test', ['--topic', topic, '--num-records', '5000'])
      const [header = [], figures = []] = printed.split('\n').map((line) => line.split(', '))
      return figures[header.indexOf('data.consumed.in.nMsg')]
    },
    expected: '5000',
  },

  'kafka-delete-records': {
    async run(tools, driver, unique) {
      const topic = await madeTopic(driver, unique, 1)
      await driver.produce(topic, valuesFrom(0, 5), plain)
      const folder = await mkdtemp(path.join(tmpdir(), 'delete-records-'))
      try {
        const file = path.join(folder, 'offsets.json')
        await writeFile(file, JSON.stringify({ partitions: [{ topic, partition: 0, offset: 2 }], version: 1 }))
        const deleted = lines(await tools.run('kafka-delete-records', ['--offset-json-file', file]), topic)
        return { deleted, offsets: await offsets(tools, topic) }
      } finally {
        await rm(folder, { recursive: true, force: true })
      }
    },
    expected: {
      deleted: [
        'Executing records delete operation',
        'Records delete operation completed:',
        'partition: TOPIC-0 low_watermark: 2',
      ],
      offsets: [['TOPIC:0:2'], ['TOPIC:0:5']],
    },
  },

  'kafka-transactions': transactionCheck,
}

/** The first that can be read, and the next to be written. */
function offsets(tools: CommandLine, topic: string): Promise<string[][]> {
  const ask = (time: string) => tools.run('kafka-get-offsets', ['--topic', topic, '--time', time])
  return Promise.all(['earliest', 'latest'].map(async (time) => lines(await ask(time), topic)))
}
